// golang-jwt; the same protocol as contestants/cpp/contest.h. The key is read once; claims are a struct, as its own
// documentation has it, and looked at by hand.
package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/golang-jwt/jwt/v5"
)

const unsupported = 4

type claims struct {
	Username string `json:"username"`
	ClientID string `json:"clientid"`
	jwt.RegisteredClaims
}

type entry struct{ kind, username, clientID, token string }

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	return value
}

func read(path string) (entries []entry) {
	scanner := bufio.NewScanner(must(os.Open(path)))
	for scanner.Scan() {
		f := strings.Fields(scanner.Text())
		entries = append(entries, entry{f[0], f[1], f[2], f[3]})
	}
	return entries
}

func keyOf(algorithm string, text []byte) any {
	switch algorithm[:2] {
	case "HS":
		return text
	case "RS", "PS":
		return must(jwt.ParseRSAPublicKeyFromPEM(text))
	case "ES":
		return must(jwt.ParseECPublicKeyFromPEM(text))
	}
	return must(jwt.ParseEdPublicKeyFromPEM(text)).(ed25519.PublicKey)
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func main() {
	algorithm, mode, folder := os.Args[1], os.Args[2], os.Args[3]
	seconds := must(strconv.ParseFloat(os.Args[4], 64))
	if mode == "repeat" || jwt.GetSigningMethod(algorithm) == nil {
		os.Exit(unsupported)
	}
	stem := folder + "/" + algorithm
	key := keyOf(algorithm, must(os.ReadFile(stem+".key")))
	keyFunc := func(*jwt.Token) (any, error) { return key, nil }
	parser := jwt.NewParser(jwt.WithValidMethods([]string{algorithm}), jwt.WithExpirationRequired())
	accepts := func(e *entry) bool {
		var c claims
		_, err := parser.ParseWithClaims(e.token, &c, keyFunc)
		return err == nil && c.Username == e.username && c.ClientID == e.clientID
	}

	good := read(stem + ".good")
	result := map[string]any{}
	allGood := true
	for i := range good {
		allGood = accepts(&good[i]) && allGood
	}
	for _, e := range read(stem + ".bad") {
		before, seen := result["refused_"+e.kind]
		result["refused_"+e.kind] = !accepts(&e) && (!seen || before.(bool))
	}

	turns, accepted := 0, 0
	spend := func(budget float64) float64 {
		turns, accepted = 0, 0
		from := cpuSeconds()
		to := from
		for ; to-from < budget; to = cpuSeconds() {
			for i := range good {
				if accepts(&good[i]) {
					accepted++
				}
			}
			turns += len(good)
		}
		return to - from
	}
	spend(seconds / 5)
	took := spend(seconds)
	result["accepted"] = allGood && accepted == turns
	result["ops"] = float64(turns) / took
	fmt.Println(string(must(json.Marshal(result))))
}
