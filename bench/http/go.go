// http by Go's net/http.
package main

import (
	"bench/common"
	"fmt"
	"io"
	"net"
	"net/http"
)

func main() {
	common.Parse(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	common.Check(err == nil, "listen")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello, world\n")
	}))
}
