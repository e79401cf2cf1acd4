#!/usr/bin/env bash
# CloudEvents' Go SDK for Pub/Sub recognizes an event in structured mode by the attribute Content-Type, but doesn't write that
# attribute: it can't read the events that it writes. In binary mode it reads and writes the attribute as Content-Type, where
# Google's binding says content-type, so that the content type of an event by the binding is lost.
# https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md (sections 3.1.1 and 3.2.1)
set -euo pipefail
cd "$(mktemp -d)"
go mod init finding 2>/dev/null
go get github.com/cloudevents/sdk-go/protocol/pubsub/v2@v2.16.2 github.com/cloudevents/sdk-go/v2@v2.16.2 2>/dev/null
cat > main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"cloud.google.com/go/pubsub/v2"
	cepubsub "github.com/cloudevents/sdk-go/protocol/pubsub/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
)

func main() {
	ctx := binding.WithForceStructured(context.Background())
	e := event.New()
	e.SetID("1")
	e.SetSource("/s")
	e.SetType("t")
	written := &pubsub.Message{Attributes: map[string]string{}}
	if err := cepubsub.WritePubSubMessage(ctx, (*binding.EventMessage)(&e), written); err != nil {
		panic(err)
	}
	_, err := binding.ToEvent(ctx, cepubsub.NewMessage(written))

	byBinding := &pubsub.Message{Data: []byte("a"), Attributes: map[string]string{
		"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "content-type": "text/plain",
	}}
	read, readErr := binding.ToEvent(ctx, cepubsub.NewMessage(byBinding))
	if readErr != nil {
		panic(readErr)
	}
	fmt.Println("sdk-go/protocol/pubsub/v2 v2.16.2")
	fmt.Println("expected: an event that was written in structured mode is read; a binary one has the content type \"text/plain\"")
	fmt.Printf("observed: attributes %v, error %q; the content type %q\n", written.Attributes, fmt.Sprint(err), read.DataContentType())
	if err == nil || err.Error() != "unknown Message encoding" || read.DataContentType() != "" {
		os.Exit(1)
	}
}
GO
go mod tidy 2>/dev/null
go run .
