// Uses the client that oapi-codegen generated into the folder api. usage: oapi-codegen BASE_URL
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"coatcheck/peers/openapi/oapi-codegen/api"
)

func main() {
	client, err := api.NewClientWithResponses(os.Args[1])
	check(err)
	ctx := context.Background()
	seconds := "wait=5"
	wait := &api.SubmitRequestParams{Prefer: &seconds}
	upload := func(size int64, parts bool) string {
		answer, err := client.OpenUploadWithResponse(ctx, api.UploadRequest{Size: size, Multipart: &parts})
		check(err)
		method, err := answer.JSON201.Upload.Discriminator()
		check(err)
		return method
	}

	asJson, err := client.SubmitRequestWithResponse(ctx, wait, api.SubmitRequestJSONRequestBody{
		"x": 6, "text": "ü", "list": []any{1, nil},
	})
	check(err)
	asBytes, err := client.SubmitRequestWithBodyWithResponse(
		ctx, wait, "application/octet-stream", bytes.NewReader([]byte("\x00\xff{}")))
	check(err)
	result, err := client.GetResultWithResponse(ctx, asJson.JSON200.Id, nil)
	check(err)

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"statuses": []api.Status{asJson.JSON200.Status, asBytes.JSON200.Status},
		"result":   string(result.Body),
		"uploads":  []string{upload(5, false), upload(3_000_000_000, true)},
	}))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
