/*
 * What looks like a secret, taken out of text of machines (command lines above all) before it leaves them. Enters: any
 * text, also one that somebody wrote to hold us up: each expression takes as long as the text and no longer. Leaves: the
 * same with ••• in place of what people put behind such names. Something always slips through, so hosts' own secrets
 * belong in files. Threat: whoever reads tickets reads the passwords of every machine.
 */

const hidden = '•••'
/** Quoted, or up to the next space; also within JSON and an audit record, which write quotes of their own. */
const value = `(?:\\\\?"[^"\\n]*"|'[^'\\n]*'|[^\\s"']+)`
/** Between a flag and its value: a space, a list's comma, or the next argument of an audit record (`a1="-u" a2="…"`). */
const gap = `(?:["']?[\\s,]+(?:a\\d+=)?(?=[^\\s-]))`
const name = '(?:pass(?:word|wd|phrase)?|pwd|secret|token|credential|(?:api|access|secret|private|account)[-_]?key)s?'

const everywhere: readonly [RegExp, string][] = [
  [/(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^-]{1,20000}/g, `$1${hidden}`],
  [/((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|digest|negotiate|ntlm|token|apikey)\s+)?)[^\s"',]+/gi, `$1${hidden}`],
  [/((?:set-)?cookie["']?\s*:\s*)[^"'\n]+/gi, `$1${hidden}`],
  [new RegExp(`(${name}\\\\?["']?\\s*[=:]\\s*)${value}`, 'gi'), `$1${hidden}`],
  [new RegExp(`(--?(?:[a-z]{1,12}-){0,2}${name}${gap})${value}`, 'gi'), `$1${hidden}`],
  // No scheme is longer than 21; the user may be empty, and a password may hold an @ of its own.
  [/([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@"']{0,200}:)[^\s/"']{1,500}@/gi, `$1${hidden}@`],
  [/([a-z][a-z0-9+.-]{0,20}:\/\/)[\w-]{20,200}@/gi, `$1${hidden}@`],
  [/(bearer\s+)[\w.~+/=-]{8,}/gi, `$1${hidden}`],
  // Those that say what they are: a JWT, keys of AWS, GitHub, GitLab, Slack, Google, and a hashed password.
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, hidden],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, hidden],
  [/\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{10,}|xox[abeprs]-[\w-]{10,}|AIza[\w-]{30,}|sk-[\w-]{20,})/g, hidden],
  [/\$(?:1|2[aby]|5|6|y|argon2id?)\$[\w./$=,+-]{10,}/g, hidden],
]

/** Programs that take a secret behind a flag of their own; `flag` is looked for in the rest of their line. */
const programs: readonly { name: RegExp; flag: RegExp }[] = [
  {
    name: /\b(?:curl|curlftpfs)\b/,
    flag: new RegExp(
      `(\\s["']?(?:-[a-zA-Z]{0,8}[uU]|--user|--proxy-user|a\\d+="-[a-zA-Z]{0,8}[uU])[\\s=]*${gap}?["']?[^\\s:"']{0,100}:)[^\\s"']+`,
      'g',
    ),
  },
  { name: /\b(?:mysql|mariadb|mysqldump|mysqladmin)\b/, flag: /([\s"']-p)(?=[^\s"'])[^\s"']+/g },
  {
    name: /\b(?:sshpass|ipmitool|sqlcmd|mongo|mongosh|mongodump|zip|unzip)\b/,
    flag: new RegExp(`([\\s"']-[pP]${gap}?["']?)[^\\s"'-][^\\s"']*`, 'g'),
  },
  { name: /\b(?:docker|podman|helm|az)\s+login\b/, flag: new RegExp(`([\\s"']-p${gap}["']?)[^\\s"']+`, 'g') },
  { name: /\b7za?\b/, flag: /([\s"']-p)[^\s"']+/g },
  { name: /\bredis-cli\b/, flag: new RegExp(`([\\s"']-a${gap}["']?)[^\\s"']+`, 'g') },
  { name: /\bldap(?:search|modify|add|delete|whoami)\b/, flag: new RegExp(`([\\s"']-w${gap}?["']?)[^\\s"'-][^\\s"']*`, 'g') },
  { name: /\b(?:smbclient|rpcclient|smbmap)\b/, flag: /([\s"']-U\s*["']?[^\s%"']{1,100}%)[^\s"']+/g },
  { name: /\b(?:x|wl)?freerdp\d?\b/, flag: /(\s\/p:)[^\s"']+/g },
  // Of Windows: the password stands behind the name, or behind a flag with a slash.
  { name: /\bnet1?(?:\.exe)?["']?\s+user\b/i, flag: /(\suser\s+["']?[^\s"'/]+["']?\s+["']?)(?!\/)[^\s"']+/gi },
  { name: /\b(?:schtasks|net1?|systeminfo|tasklist|taskkill)(?:\.exe)?\b/i, flag: /(\s\/r?p\s+["']?)(?!\/)[^\s"']+/gi },
  { name: /\bps(?:exec|kill|list|service)(?:64)?(?:\.exe)?\b/i, flag: /(\s[-/]p\s+["']?)(?![-/])[^\s"']+/gi },
  { name: /\bopenssl\b/, flag: new RegExp(`(\\s-[kK]${gap}["']?)[^\\s"']+`, 'g') },
  { name: /\b(?:useradd|usermod|snmpget|snmpwalk)\b/, flag: new RegExp(`([\\s"']-[pcAX]${gap}["']?)[^\\s"']+`, 'g') },
]

export function maskSecrets(text: string): string {
  const masked = everywhere.reduce((rest, [secret, instead]) => rest.replace(secret, instead), text)
  return programs.reduce((rest, program) => inLines(rest, program), masked)
}

function inLines(text: string, { name: program, flag }: (typeof programs)[number]): string {
  if (!program.test(text)) return text
  const inLine = (line: string): string => {
    const at = line.search(program)
    return at < 0 ? line : line.slice(0, at) + line.slice(at).replace(flag, `$1${hidden}`)
  }
  return text.split('\n').map(inLine).join('\n')
}
