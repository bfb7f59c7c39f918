// golang-jwt signs and verifies for the tests, one JSON object a line.
// The library reads no JWK: keys are made with Go's own packages. The key is chosen as a
// careful user of the library does it: by kid where both have one, by alg and key type.
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

type jwk map[string]interface{}

type request struct {
	ID     interface{}            `json:"id"`
	Op     string                 `json:"op"`
	Alg    string                 `json:"alg"`
	Key    jwk                    `json:"key"`
	Kid    *string                `json:"kid"`
	Claims map[string]interface{} `json:"claims"`
	Token  string                 `json:"token"`
	Keys   json.RawMessage        `json:"keys"`
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func (k jwk) text(name string) string {
	s, _ := k[name].(string)
	return s
}

func (k jwk) bytes(name string) ([]byte, error) {
	s, ok := k[name].(string)
	if !ok {
		return nil, errors.New("no " + name)
	}
	return base64.RawURLEncoding.DecodeString(s)
}

func (k jwk) number(name string) (*big.Int, error) {
	b, err := k.bytes(name)
	return new(big.Int).SetBytes(b), err
}

func (k jwk) algorithms() []string {
	var able []string
	switch k.text("kty") {
	case "RSA":
		able = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case "EC":
		able = map[string][]string{"P-256": {"ES256"}, "P-384": {"ES384"}, "P-521": {"ES512"}}[k.text("crv")]
	case "OKP":
		if k.text("crv") == "Ed25519" {
			able = []string{"EdDSA"}
		}
	case "oct":
		able = []string{"HS256", "HS384", "HS512"}
	}
	if alg, there := k["alg"]; there {
		for _, one := range able {
			if one == alg {
				return []string{one}
			}
		}
		return nil
	}
	return able
}

func (k jwk) public() (interface{}, error) {
	switch k.text("kty") {
	case "RSA":
		n, err := k.number("n")
		if err != nil {
			return nil, err
		}
		e, err := k.number("e")
		if err != nil || !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, errors.New("e cannot be used")
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "EC":
		curve := curves[k.text("crv")]
		x, err := k.number("x")
		if err != nil {
			return nil, err
		}
		y, err := k.number("y")
		if err != nil {
			return nil, err
		}
		if curve == nil || !curve.IsOnCurve(x, y) {
			return nil, errors.New("the point is not on the curve")
		}
		return &ecdsa.PublicKey{Curve: curve, X: x, Y: y}, nil
	case "OKP":
		x, err := k.bytes("x")
		if err != nil || len(x) != ed25519.PublicKeySize {
			return nil, errors.New("x cannot be used")
		}
		return ed25519.PublicKey(x), nil
	case "oct":
		return k.bytes("k")
	}
	return nil, errors.New("unknown kty")
}

func (k jwk) private() (interface{}, error) {
	public, err := k.public()
	if err != nil || k.text("kty") == "oct" {
		return public, err
	}
	d, err := k.number("d")
	if err != nil {
		return nil, err
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		p, err := k.number("p")
		if err != nil {
			return nil, err
		}
		q, err := k.number("q")
		if err != nil {
			return nil, err
		}
		key := &rsa.PrivateKey{PublicKey: *public, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		return key, key.Validate()
	case *ecdsa.PublicKey:
		return &ecdsa.PrivateKey{PublicKey: *public, D: d}, nil
	case ed25519.PublicKey:
		seed, err := k.bytes("d")
		if err != nil || len(seed) != ed25519.SeedSize {
			return nil, errors.New("d cannot be used")
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	return nil, errors.New("unknown kty")
}

func sign(r request) (string, error) {
	method := jwt.GetSigningMethod(r.Alg)
	if method == nil {
		return "", errors.New("no such alg")
	}
	key, err := r.Key.private()
	if err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(method, jwt.MapClaims(r.Claims))
	if r.Kid != nil {
		token.Header["kid"] = *r.Kid
	}
	return token.SignedString(key)
}

func verify(r request) error {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(r.Keys, &set); err != nil || set.Keys == nil {
		set.Keys = []json.RawMessage{r.Keys}
	}
	parser := jwt.NewParser(jwt.WithoutClaimsValidation())
	why := errors.New("no key fits")
	for _, text := range set.Keys {
		var key jwk
		if json.Unmarshal(text, &key) != nil || key == nil {
			continue // no object, no key
		}
		_, err := parser.Parse(r.Token, func(token *jwt.Token) (interface{}, error) {
			kid, there := token.Header["kid"]
			if own, has := key["kid"]; there && has && kid != own {
				return nil, why
			}
			for _, alg := range key.algorithms() {
				if alg == token.Method.Alg() {
					return key.public()
				}
			}
			return nil, why
		})
		if err == nil {
			return nil
		}
		why = err
	}
	return why
}

func answer(r request) (out map[string]interface{}) {
	out = map[string]interface{}{"id": r.ID}
	if r.Op == "sign" {
		token, err := sign(r)
		if err != nil {
			out["error"] = err.Error()
		} else {
			out["token"] = token
		}
		return out
	}
	defer func() {
		if fault := recover(); fault != nil {
			out["valid"], out["why"] = false, fmt.Sprint("panic: ", fault)
		}
	}()
	err := verify(r)
	out["valid"], out["why"] = err == nil, "good"
	if err != nil {
		out["why"] = err.Error()
	}
	return out
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 8<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		if err := out.Encode(answer(r)); err != nil {
			os.Exit(3)
		}
	}
}
