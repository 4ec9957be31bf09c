#include "textflag.h"

// func Behind(p any)
TEXT ·Behind(SB), NOSPLIT|NOFRAME, $0-16
	MOVD p_data+8(FP), R0
	PRFM (R0), PLDL1KEEP
	RET
