package mysqlproxy

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// connection is one of the program's, and the one to the server that it stands for.
type connection struct {
	program, server net.Conn
	decide          Interceptor
	silent          atomic.Bool   // what the server says is for the proxy alone
	answered        chan struct{} // while silent: the server has said something, or nothing any more
}

// cut breaks both ends.
func (c *connection) cut() {
	_ = c.program.Close()
	_ = c.server.Close()
}

// run passes on what both say until one of them ends.
func (c *connection) run() {
	var answers sync.WaitGroup
	defer answers.Wait()
	answers.Go(func() {
		defer c.cut()
		c.answers()
	})
	defer c.cut()
	for {
		packet, err := readPacket(c.program)
		if err != nil || !c.request(packet) {
			return
		}
	}
}

func (c *connection) answers() {
	defer c.heard()
	buffer := make([]byte, 16<<10)
	for {
		n, err := c.server.Read(buffer)
		if err != nil {
			return
		}
		if c.silent.Load() {
			c.heard()
			continue
		}
		if _, err := c.program.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// heard tells a request that waits for the server that it need not wait any longer.
func (c *connection) heard() {
	select {
	case c.answered <- struct{}{}:
	default:
	}
}

// request passes one packet on, or does what was decided about it. It returns false at the end of the connection.
func (c *connection) request(packet []byte) bool {
	statement, ok := query(packet)
	if !ok {
		return c.send(packet)
	}
	switch c.decide(statement) {
	case Pass:
	case Refuse:
		return c.refuse(1213, "#40001", "Deadlock found when trying to get lock; try restarting transaction")
	case Demote:
		return c.refuse(1290, "#HY000", "The MySQL server is running with the --read-only option")
	case CutBefore:
		return false
	case CutAfter:
		c.silent.Store(true)
		if c.send(packet) {
			<-c.answered
		}
		return false
	case Swallow:
		c.silent.Store(true)
	}
	return c.send(packet)
}

func (c *connection) send(packet []byte) bool {
	_, err := c.server.Write(packet)
	return err == nil
}

// Of MySQL's client/server protocol: a packet begins with its length in three bytes and its number in the exchange.
const (
	headerSize = 4
	comQuery   = 0x03
)

func readPacket(r io.Reader) ([]byte, error) {
	header := make([]byte, headerSize)
	if _, err := io.ReadFull(r, header); err != nil {
		return nil, err
	}
	size := int(header[0]) | int(header[1])<<8 | int(header[2])<<16
	packet := make([]byte, headerSize+size)
	copy(packet, header)
	_, err := io.ReadFull(r, packet[headerSize:])
	return packet, err
}

// query returns the statement that a packet asks for. Only a command begins an exchange; what belongs to the login
// does not.
func query(packet []byte) (statement string, ok bool) {
	if len(packet) <= headerSize || packet[3] != 0 || packet[headerSize] != comQuery {
		return "", false
	}
	return string(packet[headerSize+1:]), true
}

// refuse answers a statement with an error of the server's.
func (c *connection) refuse(code uint16, state, text string) bool {
	body := binary.LittleEndian.AppendUint16([]byte{0xff}, code)
	body = append(body, state+text...)
	header := binary.LittleEndian.AppendUint32(nil, uint32(len(body))) //nolint:gosec // it is the length of a text above
	header[headerSize-1] = 1                                           // the second packet of the exchange
	_, err := c.program.Write(append(header, body...))
	return err == nil
}
