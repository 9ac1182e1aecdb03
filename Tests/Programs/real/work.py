# SPDX-License-Identifier: Apache-2.0
import json, re, time
def words(n):
    text = " ".join(str(i * 7919 % 10007) for i in range(n))
    return sorted(set(re.findall(r"\d+", text)), key=lambda w: (len(w), w))
end = time.process_time() + 4
while time.process_time() < end:
    w = words(40000)
    d = json.loads(json.dumps({x: [len(x), x[::-1]] for x in w}))
    sum(v[0] for v in d.values())
