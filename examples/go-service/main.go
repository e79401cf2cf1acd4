// A plain HTTP service: counts the words of a text. It knows nothing of queues.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"
)

func process(response http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	if !utf8.Valid(body) {
		http.Error(response, "the text must be UTF-8", http.StatusUnprocessableEntity)
		return
	}
	response.Header().Set("Content-Type", "application/json")
	text := string(body)
	counts := map[string]int{"words": len(strings.Fields(text)), "characters": utf8.RuneCountInString(text)}
	if err := json.NewEncoder(response).Encode(counts); err != nil {
		log.Print(err)
	}
}

func main() {
	port := "8000"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	http.HandleFunc("GET /health", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("POST /process", process)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+port, nil))
}
