package gateway

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glarimy/ums/gateway/policy"
	"github.com/glarimy/ums/gateway/wire"
)

// continueTimeout is how long a client waits that asks first, where reading its body is what tells it to go on.
const continueTimeout = time.Second

// upload sends a body that is still arriving, beside the goroutine that waits for the answer: an upstream may answer
// before it has all of it. It is the only goroutine that a request ever costs. A nil upload is that of a body that needs
// none.
type upload struct {
	call    *call
	conn    *wire.Conn
	body    *policy.Body
	allRead atomic.Bool
	sent    bool          // all of it; set before done is closed
	asked   chan struct{} // closed: the upstream wants the body
	once    sync.Once
	done    chan struct{}
	started bool
	err     error // of the client's side; set before done is closed
}

func newUpload(c *call) *upload {
	return &upload{
		call: c, conn: c.conn, body: policy.NewBody(c.x.Body, c.endpoint.route.BodyLimit),
		asked: make(chan struct{}), done: make(chan struct{}),
	}
}

func (u *upload) start() {
	u.started = true
	u.conn.LimitWrites(u.call.deadline)
	wait := u.call.x.AsksItself && u.call.x.Expect
	buffers := &u.call.gateway.buffers
	go func() {
		defer close(u.done)
		if wait {
			u.awaitAsked()
		}
		buffer := buffers.get()
		defer buffers.put(buffer)
		u.err = u.copy(buffer[:])
		if u.err != nil {
			u.conn.Interrupt() // who waits for the answer should know
		}
	}()
}

func (u *upload) awaitAsked() {
	timer := time.NewTimer(continueTimeout)
	defer timer.Stop()
	select {
	case <-u.asked:
	case <-timer.C:
	}
}

// copy returns what is wrong with the body. That the upstream takes no more of it is for the answer to tell.
func (u *upload) copy(buffer []byte) error {
	for {
		n, err := u.body.Read(buffer)
		end := errors.Is(err, io.EOF)
		u.allRead.Store(end)
		if n > 0 {
			if _, err := u.conn.Write(buffer[:n]); err != nil {
				return nil //nolint:nilerr // see above
			}
		}
		switch {
		case end:
			u.sent = u.conn.EndBody() == nil
			return nil
		case err != nil:
			return err
		}
	}
}

// goOn tells that the upstream wants the body.
func (u *upload) goOn() {
	if u != nil {
		u.once.Do(func() { close(u.asked) })
	}
}

// fault returns what is wrong with the body, if that has ended the request.
func (u *upload) fault() error {
	if u == nil || !u.conn.Interrupted() {
		return nil
	}
	<-u.done
	return u.err
}

// waiting reports whether the client is being waited for.
func (u *upload) waiting() bool { return u != nil && u.body.Waiting() }

// settle gives the last write of the body a moment, as the answer begins, and reports whether all of it was sent. What is
// still to come is sent on beside the answer, whose end may depend on it; not from a client that still waits to be asked.
func (u *upload) settle() bool {
	if u == nil {
		return true
	}
	if u.allRead.Load() {
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		select {
		case <-u.done:
		case <-timer.C:
		}
	}
	if u.ended() || !u.started || u.call.x.Expect && !u.wanted() {
		return u.stop()
	}
	u.conn.LimitWrites(time.Time{}) // that one was for the beginning of the answer
	return false
}

func (u *upload) ended() bool {
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}

// wanted reports whether the upstream has asked for the body.
func (u *upload) wanted() bool {
	select {
	case <-u.asked:
		return true
	default:
		return false
	}
}

// stop ends the upload if it still goes on, and reports whether all of the body was sent. If not, the connection is of no
// further use.
func (u *upload) stop() bool {
	if u == nil {
		return true
	}
	if !u.started {
		return false
	}
	if !u.ended() {
		u.goOn()
		u.call.x.Client.StopReading()
		u.conn.LimitWrites(time.Unix(1, 0))
		<-u.done
	}
	if u.sent {
		u.conn.LimitWrites(time.Time{})
	}
	return u.sent
}
