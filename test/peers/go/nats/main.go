// Reads CloudEvents in messages of NATS JetStream with the Go SDK. Standard input is a JSON array of messages, standard output is what
// the SDK read of each.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	cejsm "github.com/cloudevents/sdk-go/protocol/nats_jetstream/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/nats-io/nats.go"
)

type message struct {
	Headers map[string][]string `json:"headers"`
	// Base64, as encoding/json reads bytes.
	Data []byte `json:"data"`
}

type reading struct {
	Type            string         `json:"type,omitempty"`
	Subject         string         `json:"subject,omitempty"`
	DataContentType string         `json:"dataContentType,omitempty"`
	Extensions      map[string]any `json:"extensions,omitempty"`
	Data            []byte         `json:"data,omitempty"`
	Error           string         `json:"error,omitempty"`
}

func read(m message) reading {
	event, err := binding.ToEvent(context.Background(), cejsm.NewMessage(&nats.Msg{Header: m.Headers, Data: m.Data}))
	if err != nil {
		return reading{Error: err.Error()}
	}
	if err := event.Validate(); err != nil {
		return reading{Error: err.Error()}
	}
	return reading{
		Type:            event.Type(),
		Subject:         event.Subject(),
		DataContentType: event.DataContentType(),
		Extensions:      event.Extensions(),
		Data:            event.Data(),
	}
}

func main() {
	var messages []message
	if err := json.NewDecoder(os.Stdin).Decode(&messages); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	readings := make([]reading, len(messages))
	for i, m := range messages {
		readings[i] = read(m)
	}
	if err := json.NewEncoder(os.Stdout).Encode(readings); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
