//go:build !windows

package probe

// native has nothing to add where package syscall names the system's errors.
func native(error) ending { return endOther }
