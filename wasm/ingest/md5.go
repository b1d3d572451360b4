package ingest

// md5Hex is the MD5 sum (RFC 1321) of s in hexadecimal: the platforms' own
// choice for signing URLs. It is written out here because crypto/md5 brings
// 200 kB of other cryptography into the browser; a test holds it against that.
func md5Hex(s string) string {
	msg := append([]byte(s), 0x80)
	for len(msg)%64 != 56 {
		msg = append(msg, 0)
	}
	for i, bits := 0, uint64(len(s))*8; i < 8; i++ {
		msg = append(msg, byte(bits>>(8*i)))
	}
	state := [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	for ; len(msg) > 0; msg = msg[64:] {
		var x [16]uint32
		for i := range x {
			x[i] = uint32(msg[4*i]) | uint32(msg[4*i+1])<<8 | uint32(msg[4*i+2])<<16 | uint32(msg[4*i+3])<<24
		}
		a, b, c, d := state[0], state[1], state[2], state[3]
		for i := range 64 {
			var f uint32
			k := i
			switch i / 16 {
			case 0:
				f = b&c | ^b&d
			case 1:
				f, k = b&d|c&^d, 5*i+1
			case 2:
				f, k = b^c^d, 3*i+5
			default:
				f, k = c^(b|^d), 7*i
			}
			f += a + md5Table[i] + x[k%16]
			r := md5Shift[i/16*4+i%4]
			a, d, c, b = d, c, b, b+(f<<r|f>>(32-r))
		}
		state[0] += a
		state[1] += b
		state[2] += c
		state[3] += d
	}
	out := make([]byte, 0, 32)
	for _, v := range state {
		for i := 0; i < 4; i++ {
			c := byte(v >> (8 * i))
			out = append(out, hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return string(out)
}

const hexDigits = "0123456789abcdef"

var md5Shift = [16]uint{7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21}

// md5Table is floor(2^32 * abs(sin(i+1))).
var md5Table = [64]uint32{
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
}
