// echo by Go: a goroutine for each connection.
package main

import (
	"bench/common"
	"fmt"
	"net"
)

func echo(c net.Conn) {
	defer c.Close()
	bytes := make([]byte, 4096)
	for {
		n, err := c.Read(bytes)
		if err != nil {
			return
		}
		if _, err = c.Write(bytes[:n]); err != nil {
			return
		}
	}
}

func main() {
	common.Parse(1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	common.Check(err == nil, "listen")
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		c, err := listener.Accept()
		common.Check(err == nil, "accept")
		go echo(c)
	}
}
