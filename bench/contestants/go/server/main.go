// A gate as people write it in Go: net/http and golang-jwt, one core. POST / with username, clientid and password;
// the token is verified, its exp is required, and two claims must be the client's. Prints its port.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"

	"github.com/golang-jwt/jwt/v5"
)

type ask struct {
	Username string `json:"username"`
	ClientID string `json:"clientid"`
	Password string `json:"password"`
}

type claims struct {
	Username string `json:"username"`
	ClientID string `json:"clientid"`
	jwt.RegisteredClaims
}

func main() {
	runtime.GOMAXPROCS(1)
	pem, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	key, err := jwt.ParseECPublicKeyFromPEM(pem)
	if err != nil {
		panic(err)
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired())
	keyFunc := func(*jwt.Token) (any, error) { return key, nil }
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		var a ask
		verdict := "deny"
		if body, err := io.ReadAll(io.LimitReader(r.Body, 256*1024)); err == nil && json.Unmarshal(body, &a) == nil {
			var c claims
			if _, err := parser.ParseWithClaims(a.Password, &c, keyFunc); err == nil && c.Username == a.Username && c.ClientID == a.ClientID {
				verdict = "allow"
			}
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"verdict":"%s"}`, verdict)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, nil))
}
