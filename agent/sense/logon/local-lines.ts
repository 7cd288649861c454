import type { Pattern } from './read-line.ts'

/**
 * What sudo, su and login write of themselves, beside PAM's line of the same attempt. The user is whoever tries, except at login. Of
 * sudo's and su's successes nothing is read: who they are has signed in already.
 */
export const atThisMachine: readonly Pattern[] = [
  {
    witness: 'sudo',
    outcome: 'failed',
    programs: /^sudo$/,
    line: /^\s*(?<user>.*) : (?<count>\d{1,4}) incorrect password attempts? ; (?:TTY|PWD|USER)=.*$/,
  },
  { witness: 'sudo', outcome: 'failed', programs: /^sudo$/, line: /^\s*(?<user>.*) : user NOT (?:in sudoers|authorized on host) ; .*$/ },
  { witness: 'su', outcome: 'failed', programs: /^su$/, line: /^FAILED SU \(to .*\) (?<user>.*) on \S+$/ },
  { witness: 'su', outcome: 'failed', programs: /^su$/, line: /^FAILED su for .* by (?<user>.*)$/ },
  {
    witness: 'login',
    outcome: 'failed',
    programs: /^login$/,
    line: /^FAILED LOGIN (?:SESSION )?(?:\(\d+\) )?(?:on '[^']*' )?(?:from '(?<source>\S+)' )?FOR '(?<user>.*)', .*$/,
  },
  {
    witness: 'login',
    outcome: 'failed',
    programs: /^login$/,
    line: /^FAILED LOGIN \d+ FROM (?:\(null\)|tty\S*|(?<source>\S+)) FOR (?<user>.*), .*$/,
  },
  { witness: 'su', outcome: 'failed', programs: /^su$/, line: /^BAD SU (?<user>.*) to .* on \S+$/ },
  { witness: 'su', outcome: 'failed', programs: /^su$/, line: /^- \S+ (?<user>[^:]*):\S*$/ },
  { witness: 'login', outcome: 'accepted', programs: /^login$/, line: /^(?:ROOT )?LOGIN ON \S+ BY (?<user>.*?)(?: FROM (?<source>\S+))?$/ },
]
