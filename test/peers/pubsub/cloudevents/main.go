// Reads and writes CloudEvents in messages of Pub/Sub with the Go SDK. Standard input is a JSON array of messages. Standard
// output is what the SDK read of each, and an event of each mode that it wrote and read again.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"cloud.google.com/go/pubsub/v2"
	cepubsub "github.com/cloudevents/sdk-go/protocol/pubsub/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"
)

type message struct {
	Attributes map[string]string `json:"attributes"`
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

type writing struct {
	message
	Reading reading `json:"reading"`
}

type output struct {
	Readings   []reading `json:"readings"`
	Binary     writing   `json:"binary"`
	Structured writing   `json:"structured"`
}

func read(m message) reading {
	event, err := binding.ToEvent(context.Background(), cepubsub.NewMessage(&pubsub.Message{Attributes: m.Attributes, Data: m.Data}))
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

func write(ctx context.Context) writing {
	e := event.New()
	e.SetID("1")
	e.SetSource("/go")
	e.SetType("test")
	e.SetSubject("order ż%")
	must(e.SetData("application/json", map[string]int{"n": 1}))
	m := &pubsub.Message{Attributes: map[string]string{}}
	must(cepubsub.WritePubSubMessage(ctx, (*binding.EventMessage)(&e), m))
	written := message{Attributes: m.Attributes, Data: m.Data}
	return writing{written, read(written)}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	var messages []message
	must(json.NewDecoder(os.Stdin).Decode(&messages))
	readings := make([]reading, len(messages))
	for i, m := range messages {
		readings[i] = read(m)
	}
	ctx := context.Background()
	must(json.NewEncoder(os.Stdout).Encode(output{
		Readings:   readings,
		Binary:     write(binding.WithForceBinary(ctx)),
		Structured: write(binding.WithForceStructured(ctx)),
	}))
}
