#!/usr/bin/env bash
# CloudEvents' NATS binding percent-encodes the values of headers in binary mode (section 3.1.3.2). The Go SDK for NATS
# JetStream doesn't decode them: a subject with a space or a letter beyond ASCII is read as its encoded text.
set -euo pipefail
cd "$(mktemp -d)"
go mod init finding 2>/dev/null
go get github.com/cloudevents/sdk-go/protocol/nats_jetstream/v2@v2.16.2 github.com/nats-io/nats.go@v1.45.0 2>/dev/null
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	jetstream "github.com/cloudevents/sdk-go/protocol/nats_jetstream/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/nats-io/nats.go"
)

func main() {
	header := nats.Header{}
	for name, value := range map[string]string{
		"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-subject": "order%20%C5%BC",
	} {
		header[name] = []string{value}
	}
	event, err := binding.ToEvent(context.Background(), jetstream.NewMessage(&nats.Msg{Header: header}))
	if err != nil {
		panic(err)
	}
	fmt.Println("sdk-go/protocol/nats_jetstream/v2 v2.16.2")
	fmt.Println("expected: the subject \"order ż\"")
	fmt.Printf("observed: the subject %q\n", event.Subject())
	if event.Subject() != "order%20%C5%BC" {
		os.Exit(1)
	}
}
GO
go mod tidy 2>/dev/null
go run .
