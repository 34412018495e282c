"""Text as machines and people leave it: log lines and mail, always the same for a seed."""

import base64
import time

USERS = "deploy anna bruno backup postgres root".split()
UNITS = "apt-daily.service logrotate.service man-db.service nginx.service postgresql@15-main.service fstrim.service".split()
PATHS = ("/ /login /api/v2/orders /api/v2/orders/search /static/app.js /static/app.css /images/logo.svg /health "
         "/api/v2/customers /reports/monthly /favicon.ico /api/v2/stock").split()
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/7.88.1", "Prometheus/2.45.0",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36")


def stamp(second, form):
    return time.strftime(form, time.gmtime(second))


def syslog(rng, host, start, size):
    """About that many bytes of /var/log/syslog from that second on."""
    lines, length, now = [], 0, start
    while length < size:
        now += rng.randint(0, 20)
        pid, kind = rng.randint(300, 99999), rng.randrange(6)
        if kind == 0:
            key = base64.b64encode(rng.randbytes(32)).decode().rstrip("=")
            what = (f"sshd[{pid}]: Accepted publickey for {rng.choice(USERS)} from 10.{rng.randrange(256)}.{rng.randrange(256)}."
                    f"{rng.randrange(256)} port {rng.randint(1025, 65535)} ssh2: ED25519 SHA256:{key}")
        elif kind == 1:
            what = f"systemd[1]: {rng.choice(UNITS)}: Consumed {rng.randint(1, 90)}.{rng.randrange(1000):03}s CPU time."
        elif kind == 2:
            what = f"CRON[{pid}]: ({rng.choice(USERS)}) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.hourly)"
        elif kind == 3:
            what = (f"kernel: [{now - start + 812345}.{rng.randrange(1000000):06}] [UFW BLOCK] IN=ens3 OUT= SRC=203.0.113."
                    f"{rng.randrange(256)} DST=192.0.2.10 LEN={rng.randint(40, 1500)} TTL={rng.randint(30, 250)} ID="
                    f"{rng.randrange(65536)} PROTO=TCP SPT={rng.randrange(65536)} DPT={rng.choice((22, 23, 445, 3389))}")
        elif kind == 4:
            what = f"postgres[{pid}]: LOG:  checkpoint complete: wrote {rng.randrange(9000)} buffers; sync={rng.random():.3f} s"
        else:
            what = f"postfix/smtpd[{pid}]: connect from mail{rng.randrange(40)}.example.net[198.51.100.{rng.randrange(256)}]"
        line = f"{stamp(now, '%Y-%m-%dT%H:%M:%S')}.{rng.randrange(1000000):06}+00:00 {host} {what}\n"
        lines.append(line)
        length += len(line)
    return "".join(lines).encode()


def access(rng, start, size):
    """About that many bytes of a web server's access log."""
    lines, length, now = [], 0, start
    while length < size:
        now += rng.randint(0, 3)
        line = (f"198.51.{rng.randrange(256)}.{rng.randrange(256)} - - [{stamp(now, '%d/%b/%Y:%H:%M:%S')} +0000] \"GET "
                f"{rng.choice(PATHS)}?id={rng.randrange(1000000)} HTTP/1.1\" {rng.choice((200, 200, 200, 304, 404, 500))} "
                f"{rng.randrange(90000)} \"-\" \"{rng.choice(AGENTS)}\"\n")
        lines.append(line)
        length += len(line)
    return "".join(lines).encode()


def mail(rng, host, prose, size):
    """About that many bytes of a mailbox: headers, a passage of prose, now and then an attachment."""
    parts, length, now = [], 0, 1719800000
    while length < size:
        now += rng.randint(60, 9000)
        at = rng.randrange(max(1, len(prose) - 6000))
        sender = rng.choice(USERS)
        head = (f"From {sender}@example.org {stamp(now, '%a %b %d %H:%M:%S %Y')}\nMessage-ID: <{rng.getrandbits(96):024x}@{host}>\n"
                f"From: {sender}@example.org\nTo: {rng.choice(USERS)}@example.org\nSubject: Re: order {rng.randrange(100000)}\n\n")
        message = head.encode() + prose[at:at + rng.randint(300, 6000)] + b"\n\n"
        if rng.random() < 0.04:
            message += base64.encodebytes(rng.randbytes(rng.randint(4000, 120000))) + b"\n"
        parts.append(message)
        length += len(message)
    return b"".join(parts)
