// Reads and writes CloudEvents with the Go SDK. "read": standard input is a JSON array of events as text, standard output
// is what the SDK read of each. "write": standard output is events that the SDK wrote, as text.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

type reading struct {
	Type            string         `json:"type,omitempty"`
	Subject         string         `json:"subject,omitempty"`
	DataContentType string         `json:"dataContentType,omitempty"`
	Extensions      map[string]any `json:"extensions,omitempty"`
	// Base64, as encoding/json writes bytes.
	Data  []byte `json:"data,omitempty"`
	Error string `json:"error,omitempty"`
}

func read(text string) reading {
	var event cloudevents.Event
	if err := json.Unmarshal([]byte(text), &event); err != nil {
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

func written(contentType string, data any) string {
	event := cloudevents.NewEvent()
	event.SetID("go-1")
	event.SetSource("/peers/go")
	event.SetType("order.placed")
	event.SetTime(time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC))
	if contentType != "" {
		check(event.SetData(contentType, data))
	}
	text, err := json.Marshal(event)
	check(err)
	return string(text)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	if os.Args[1] == "write" {
		check(json.NewEncoder(os.Stdout).Encode(map[string]string{
			"withoutData": written("", nil),
			"json":        written("application/json", map[string]any{"x": 2, "y": 3}),
			"text":        written("text/plain", "hello"),
			"binary":      written("application/octet-stream", []byte{0, 255, 254, 1}),
		}))
		return
	}
	var texts []string
	check(json.NewDecoder(os.Stdin).Decode(&texts))
	readings := make([]reading, len(texts))
	for i, text := range texts {
		readings[i] = read(text)
	}
	check(json.NewEncoder(os.Stdout).Encode(readings))
}
