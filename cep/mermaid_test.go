package cep

import (
	"testing"
	"time"
)

func TestMermaid(t *testing.T) {
	a, err := Compile(Begin[letter]("small").Where(is("s")).OneOrMore().
		NotFollowedBy("stop").Where(is("n")).FollowedBy("large").Where(is("l")).WithinPrevious(time.Second).Within(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	const want = `flowchart LR
  s5(["small"])
  s5 ==>|"take if is s"| s3
  s4["small"]
  s4 ==>|"take if is s"| s3
  s4 -.->|"pass over if not (is s)"| s4
  s4 -->|"if is n"| s2
  s3["small"]
  s3 --> s1
  s3 ==>|"take if is s"| s3
  s3 -->|"if is n"| s2
  s3 -.->|"pass over if not (is s)"| s4
  s2{{"stop: given up"}}
  s1["large<br/>within 1000 ms"]
  s1 ==>|"take if is l"| s0
  s1 -.->|"pass over if not (is l)"| s1
  s1 -->|"if is n"| s2
  s0((("match")))
`
	if got := a.Mermaid(); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestMermaidEscapes(t *testing.T) {
	a, err := Compile(Begin[letter](`a "b"`).Where(is(`x < "y"`)).NotFollowedBy("end").Within(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	const want = `flowchart LR
  s3(["a #quot;b#quot;"])
  s3 ==>|"take if is x #lt; #quot;y#quot;"| s1
  s2{{"end: given up"}}
  s1[/"end: match at the end of the window"/]
  s1 --> s2
`
	if got := a.Mermaid(); got != want {
		t.Errorf("got\n%s", got)
	}
}
