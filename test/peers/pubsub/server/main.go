// Serves Google's own test server for Pub/Sub on a port of this machine: server PORT.
//
// Two things are added that the service has and pstest lacks: requests of 10 MB, where gRPC's default is 4 MB, and with
// exactly-once delivery an error that names the acknowledgement ids that aren't valid any more.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"strings"
	"sync"

	pb "cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const maxRequestBytes = 11_000_000

func main() {
	fake := pstest.NewServer()
	deliveries := &deliveries{fake: fake, current: map[string]string{}}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxRequestBytes), grpc.UnaryInterceptor(deliveries.intercept))
	pb.RegisterPublisherServer(server, &fake.GServer)
	pb.RegisterSubscriberServer(server, &fake.GServer)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(listener))
}

// The current acknowledgement id of each message, by subscription and message id.
type deliveries struct {
	fake    *pstest.Server
	mu      sync.Mutex
	current map[string]string
}

func (d *deliveries) intercept(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	response, err := handle(ctx, request)
	if err != nil {
		return response, err
	}
	switch request := request.(type) {
	case *pb.PullRequest:
		d.deliver(request.Subscription, response.(*pb.PullResponse).ReceivedMessages)
	case *pb.AcknowledgeRequest:
		return response, d.check(ctx, request.Subscription, request.AckIds, false)
	case *pb.ModifyAckDeadlineRequest:
		return response, d.check(ctx, request.Subscription, request.AckIds, request.AckDeadlineSeconds == 0)
	}
	return response, nil
}

func (d *deliveries) deliver(subscription string, messages []*pb.ReceivedMessage) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, message := range messages {
		d.current[subscription+" "+message.Message.MessageId] = message.AckId
	}
}

func (d *deliveries) check(ctx context.Context, subscription string, ackIDs []string, returned bool) error {
	found, err := d.fake.GServer.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: subscription})
	if err != nil || !found.EnableExactlyOnceDelivery {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	invalid := map[string]string{}
	for _, id := range ackIDs {
		key := subscription + " " + id[:strings.LastIndex(id, ":")]
		if d.current[key] != id {
			invalid[id] = "PERMANENT_FAILURE_INVALID_ACK_ID"
		} else if returned {
			delete(d.current, key)
		}
	}
	if len(invalid) == 0 {
		return nil
	}
	refusal := status.New(codes.FailedPrecondition, "Some acknowledgement ids are invalid")
	detailed, err := refusal.WithDetails(&errdetails.ErrorInfo{Reason: "INVALID_ACK_IDS", Domain: "pubsub.googleapis.com", Metadata: invalid})
	if err != nil {
		return err
	}
	return detailed.Err()
}
