// Uses the client that ogen generated into the folder api. usage: ogen BASE_URL
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"coatcheck/peers/openapi/ogen/api"
	"github.com/go-faster/jx"
)

func main() {
	client, err := api.NewClient(os.Args[1])
	check(err)
	ctx := context.Background()
	wait := api.SubmitRequestParams{Prefer: api.NewOptString("wait=5")}
	submit := func(body api.SubmitRequestReq) *api.SubmitRequestOK {
		answer, err := client.SubmitRequest(ctx, body, wait)
		check(err)
		return answer.(*api.SubmitRequestOK)
	}
	upload := func(size int64, parts bool) api.UploadTicketUpload {
		answer, err := client.OpenUpload(ctx, &api.UploadRequest{Size: size, Multipart: api.NewOptBool(parts)})
		check(err)
		return answer.(*api.UploadTicket).Upload
	}

	asJson := submit(&api.SubmitRequestReqApplicationJSON{
		"x": jx.Raw("6"), "text": jx.Raw(`"ü"`), "list": jx.Raw("[1,null]"),
	})
	asBytes := submit(&api.SubmitRequestReqApplicationOctetStream{Data: bytes.NewReader([]byte("\x00\xff{}"))})
	answer, err := client.GetResult(ctx, api.GetResultParams{ID: asJson.ID})
	check(err)
	form, _ := upload(5, false).GetUploadForm()
	parts, _ := upload(3_000_000_000, true).GetUploadParts()

	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"statuses": []string{string(asJson.Status), string(asBytes.Status)},
		"result":   string(*answer.(*api.GetResultOKApplicationJSON)),
		"uploads":  []string{string(form.Method), string(parts.Method)},
	}))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
