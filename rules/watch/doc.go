// Package watch tells when files of a directory change, so that what was
// loaded from them can be loaded again. It does not read them: the caller
// does, and decides whether the new contents are sound.
//
//	err := watch.Dir(ctx, "conf", func() { reload("conf") }, "rules", "policy.yaml")
//
// Changes are noticed within a second however a file is saved: written in
// place, renamed over the old one (editors), behind a symbolic link that is
// swapped (a Kubernetes ConfigMap's ..data), or on a file system that does
// not notify (network mounts): beside notifications, everything is looked at
// again and again. Several changes in quick succession are told once, after
// the last.
package watch
