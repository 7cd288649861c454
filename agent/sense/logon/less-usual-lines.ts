import type { Pattern } from './read-line.ts'

const sshd = /^sshd(-session|-auth)?$/

/** How sshd ends what went wrong too often, and what other services write of sign-ins that failed: the small sshd, mail, FTP. */
export const lessUsual: readonly Pattern[] = [
  {
    // What a client asks for before it tries anything; said only of users that there are not.
    witness: 'none',
    outcome: 'failed',
    programs: sshd,
    line: /^Failed none for invalid user (?<user>.*) from (?<source>\S+) port \d+(?: ssh2)?(?: \[preauth\])?$/,
  },
  {
    witness: 'left',
    outcome: 'failed',
    programs: sshd,
    line: /^Disconnecting \w+ user (?<user>.*) (?<source>\S+) port \d+: Too many authentication failures(?: \[preauth\])?$/,
  },
  {
    witness: 'left',
    outcome: 'failed',
    programs: sshd,
    line: /^(?:error: )?Disconnecting: Too many authentication failures for (?:invalid user )?(?<user>.*) from (?<source>\S+) port \d+(?: ssh2)?(?: \[preauth\])?$/,
  },
  {
    witness: 'refused',
    outcome: 'failed',
    programs: sshd,
    line: /^ROOT LOGIN REFUSED FROM (?<source>\S+)(?: port \d+)?(?: \[preauth\])?$/,
  },
  {
    witness: 'password',
    outcome: 'failed',
    programs: /^dropbear$/,
    line: /^Bad (?:password|PAM password) attempt for '(?<user>.*)' from (?<source>\S+):\d+$/,
  },
  {
    witness: 'name',
    outcome: 'failed',
    programs: /^dropbear$/,
    line: /^Login attempt for nonexistent user(?: '.*')? from (?<source>\S+):\d+$/,
  },
  {
    witness: 'accepted',
    outcome: 'accepted',
    programs: /^dropbear$/,
    line: /^(?:PAM password|Password|Pubkey) auth succeeded for '(?<user>.*)' (?:with .* )?from (?<source>\S+):\d+$/,
  },
  {
    witness: 'sasl',
    outcome: 'failed',
    programs: /^smtpd$/,
    line: /^warning: \S*\[(?<source>[^\]]+)\]: SASL \S+ authentication failed: .*?(?:, sasl_username=(?<user>.*))?$/,
  },
  {
    witness: 'mail',
    outcome: 'failed',
    programs: /^dovecot$/,
    line: /^\S+-login: .*\(auth failed, (?<count>\d{1,3}) attempts.*?\): user=<(?<user>.*)>, .*\brip=(?<source>[^,\s]+)/,
  },
  {
    witness: 'ftp',
    outcome: 'failed',
    programs: /^proftpd$/,
    line: /^\S+ \(\S*\[(?<source>[^\]\s]+)\]\)(?: -|:) USER (?<user>.*?)(?: \(Login failed\): .*|: no such user found from .*)$/,
  },
  {
    witness: 'ftp',
    outcome: 'failed',
    programs: /^pure-ftpd$/,
    line: /^\(\?@(?<source>\S+)\) \[WARNING\] Authentication failed for user \[(?<user>.*)\]$/,
  },
  { witness: 'rlogin', outcome: 'failed', programs: /^k(?:login|sh)d$/, line: /^Authentication failed from (?<source>\S+) \(.*\): .*$/ },
]
