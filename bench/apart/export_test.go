//go:build linux

package apart

// OneUserIn reports what OneUser does where /proc/self/uid_map holds a text.
func OneUserIn(uidMap string) bool { return oneUser(uidMap) }
