/** `type=SYSCALL msg=audit(1684329817.579:2995): arch=… exe="/usr/bin/perl"` */
const head = /^(?:node=(\S{1,255}) )?type=([A-Z][A-Z_0-9]{1,40}) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,20})\): ?(.*)$/s
/** `name=value`, `name="value"`, `msg='name=value …'` */
const pair = /([A-Za-z_][\w-]{0,60}(?:\[\d{1,4}\])?)=(?:"([^"]*)"|'([^']*)'|(\S*))/g

/** Fields whose text auditd writes in hexadecimal digits when it holds more than plain characters. */
const mayBeHex = /^(a\d+(\[\d+\])?|comm|exe|name|cwd|proctitle|cmd|acct|key|data|path|dir|ocomm|vm|watch|new-.*|old-.*)$/

/** System calls by number on x86-64 that rules ask for by name; ENRICHED logs bring the name themselves. */
const calls: Readonly<Record<string, string>> = {
  ...{ 2: 'open', 41: 'socket', 42: 'connect', 43: 'accept', 49: 'bind', 50: 'listen', 56: 'clone', 57: 'fork', 58: 'vfork', 59: 'execve' },
  ...{ 62: 'kill', 76: 'truncate', 82: 'rename', 83: 'mkdir', 84: 'rmdir', 85: 'creat', 86: 'link', 87: 'unlink', 88: 'symlink' },
  ...{ 90: 'chmod', 92: 'chown', 94: 'lchown', 101: 'ptrace', 105: 'setuid', 106: 'setgid', 133: 'mknod', 155: 'pivot_root' },
  ...{ 159: 'adjtimex', 161: 'chroot', 164: 'settimeofday', 165: 'mount', 166: 'umount2', 169: 'reboot', 175: 'init_module' },
  ...{ 176: 'delete_module', 188: 'setxattr', 227: 'clock_settime', 246: 'kexec_load', 257: 'openat', 263: 'unlinkat', 268: 'fchmodat' },
  ...{ 258: 'mkdirat', 259: 'mknodat', 260: 'fchownat', 264: 'renameat', 265: 'linkat', 266: 'symlinkat', 280: 'utimensat' },
  ...{ 316: 'renameat2', 437: 'openat2', 452: 'fchmodat2' },
  ...{ 272: 'unshare', 308: 'setns', 310: 'process_vm_readv', 311: 'process_vm_writev', 313: 'finit_module', 319: 'memfd_create' },
  ...{ 320: 'kexec_file_load', 321: 'bpf', 322: 'execveat', 435: 'clone3' },
}
const x86At64 = 'c000003e'

/** One line of auditd's log → its fields by auditd's own names; undefined when it is none. */
export function auditRecord(line: string): Record<string, unknown> | undefined {
  const [, node, type, seconds, millis, serial, rest] = head.exec(line.trimEnd()) ?? []
  if (type === undefined || rest === undefined) return undefined
  const fields: Record<string, unknown> = { type, serial, at: Number(seconds) * 1_000 + Number(millis) }
  if (node !== undefined) fields.node = node
  // A unit separator stands before what auditd translated.
  readPairs(rest.replaceAll('\x1d', ' '), fields, type === 'EXECVE')
  if (type === 'SYSCALL' && fields.SYSCALL === undefined && fields.arch === x86At64) {
    const call = calls[String(fields.syscall)]
    if (call !== undefined) fields.SYSCALL = call
  }
  return fields
}

function readPairs(text: string, fields: Record<string, unknown>, hasArguments: boolean): void {
  for (const [, name = '', quoted, inner, bare] of text.matchAll(pair)) {
    if (inner !== undefined) readPairs(inner, fields, hasArguments)
    else fields[name] = quoted ?? (bare === undefined ? '' : plain(name, bare, hasArguments))
  }
}

/** Unquoted and of whole bytes in upper case: hexadecimal, with NULs between arguments. In a SYSCALL record a0…a3 are numbers. */
function plain(name: string, bare: string, hasArguments: boolean): string | null {
  if (bare === '(null)') return null
  const isHex = mayBeHex.test(name) && /^(?:[\dA-F]{2})+$/.test(bare) && (hasArguments || !/^a\d/.test(name))
  if (!isHex) return bare
  const bytes = Uint8Array.from(bare.match(/../g) ?? [], (twoDigits) => Number.parseInt(twoDigits, 16))
  return new TextDecoder().decode(bytes).replaceAll('\0', ' ').trimEnd()
}
