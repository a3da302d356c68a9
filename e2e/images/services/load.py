"""Orders at the URL, one after the other, with a new connection for each; a line for each that failed and for
every twentieth that did not."""

import sys
import time
import urllib.error
import urllib.request

good = bad = 0
while True:
    try:
        urllib.request.urlopen(sys.argv[1], timeout=10).read()
        good += 1
        if good % 20 == 0:
            print(f"good {good} bad {bad}", flush=True)
    except (OSError, urllib.error.URLError) as error:
        bad += 1
        print(f"failed: {error} good {good} bad {bad}", flush=True)
    time.sleep(0.05)
