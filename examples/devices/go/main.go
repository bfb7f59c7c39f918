// A device that comes by MQTT 5's enhanced authentication and renews by AUTH: device PORT CLIENT_ID TOKEN_COMMAND
//
// TOKEN_COMMAND prints a fresh token; in life it asks your issuer. The gate says on
// $CONTROL/sallyport/v1/notice when the session is about to end, without a subscription.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/eclipse/paho.golang/paho"
)

const (
	method = "JWT"
	notice = "$CONTROL/sallyport/v1/notice"
)

// The gate needs one step, so it never asks on.
type oneStep struct{}

func (oneStep) Authenticate(*paho.Auth) *paho.Auth { return nil }
func (oneStep) Authenticated()                     {}

func freshToken(command string) []byte {
	out, err := exec.Command("sh", "-c", command).Output()
	if err != nil {
		fmt.Println("no token", err)
		os.Exit(1)
	}
	return []byte(strings.TrimSpace(string(out)))
}

func main() {
	port, id, tokenCommand := os.Args[1], os.Args[2], os.Args[3]
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Println("refused", err)
		os.Exit(1)
	}
	noticed := make(chan struct{}, 1)
	client := paho.NewClient(paho.ClientConfig{
		Conn:        conn,
		AuthHandler: oneStep{},
		Router: paho.NewSingleHandlerRouter(func(m *paho.Publish) {
			if m.Topic == notice {
				select {
				case noticed <- struct{}{}:
				default:
				}
			}
		}),
		OnServerDisconnect: func(d *paho.Disconnect) { fmt.Printf("disconnected 0x%02x\n", d.ReasonCode); os.Exit(1) },
		OnClientError:      func(err error) { fmt.Println("disconnected", err); os.Exit(1) },
	})
	_, err = client.Connect(context.Background(), &paho.Connect{
		ClientID: id, KeepAlive: 30, CleanStart: true,
		Properties: &paho.ConnectProperties{AuthMethod: method, AuthData: freshToken(tokenCommand)},
	})
	if err != nil {
		fmt.Println("refused", err)
		os.Exit(1)
	}
	fmt.Println("connected")
	go func() {
		for range noticed {
			soon, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			_, err := client.Authenticate(soon, &paho.Auth{
				ReasonCode: 0x19, // re-authenticate
				Properties: &paho.AuthProperties{AuthMethod: method, AuthData: freshToken(tokenCommand)},
			})
			cancel()
			if err != nil {
				fmt.Println("not renewed", err)
			} else {
				fmt.Println("renewed")
			}
		}
	}()
	lines := bufio.NewScanner(os.Stdin)
	for number := 1; lines.Scan(); number++ {
		_, err := client.Publish(context.Background(), &paho.Publish{
			QoS: 1, Topic: "devices/" + id + "/up", Payload: lines.Bytes(),
		})
		if err == nil {
			fmt.Println("acknowledged", number)
		}
	}
	client.Disconnect(&paho.Disconnect{})
}
