// Uses the client that openapi-generator generated into the folder api. It can't send bytes. usage: openapi-generator BASE_URL
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"coatcheck/peers/openapi/openapi-generator/api"
)

func main() {
	configuration := api.NewConfiguration()
	configuration.Servers = api.ServerConfigurations{{URL: os.Args[1]}}
	client := api.NewAPIClient(configuration).DefaultAPI
	ctx := context.Background()
	upload := func(size int64, parts bool) *api.UploadTicketUpload {
		request := api.NewUploadRequest(size)
		request.SetMultipart(parts)
		ticket, _, err := client.OpenUpload(ctx).UploadRequest(*request).Execute()
		check(err)
		return &ticket.Upload
	}

	var x, text, list any = 6, "ü", []any{1, nil}
	body := map[string]*any{"x": &x, "text": &text, "list": &list}
	asJson, _, err := client.SubmitRequest(ctx).RequestBody(body).Prefer("wait=5").Execute()
	check(err)
	file, _, err := client.GetResult(ctx, asJson.Id).Execute()
	check(err)
	result, err := io.ReadAll(file)
	check(err)

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"statuses": []api.Status{asJson.Status},
		"result":   string(result),
		"uploads":  []string{upload(5, false).UploadForm.Method, upload(3_000_000_000, true).UploadParts.Method},
	}))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
