module firebreak.dev/tests/crash/proxy

go 1.21
