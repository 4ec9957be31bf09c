#include "textflag.h"

// func Behind(p any)
TEXT ·Behind(SB), NOSPLIT|NOFRAME, $0-16
	MOVQ p_data+8(FP), AX
	PREFETCHT0 (AX)
	RET
