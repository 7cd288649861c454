import { describe, expect, it } from 'vitest'
import { type AuditWrite, AuditWrites } from '../../../../agent/sense/writers/audit-writes.ts'

/** As auditd 3.0.9 of Debian 12 wrote them, shortened; behind the separator stands what it translated. */
const call = (serial: number, more: string): string =>
  `type=SYSCALL msg=audit(1795403304.013:${serial}): arch=c000003e ${more} ppid=8094 pid=8114 uid=0 comm="openssl" exe="/usr/bin/openssl" key="tierline-decoys"\x1dARCH=x86_64 UID="root"`
const here = 'a0=ffffff9c a1=7ffd31b2c8a0 a2=ffffff9c a3=7ffd31b2c8b0'
const cwd = (serial: number): string => `type=CWD msg=audit(1795403304.013:${serial}): cwd="/srv/decoys"`
const path = (serial: number, item: number, name: string, nametype: string): string =>
  `type=PATH msg=audit(1795403304.013:${serial}): item=${item} name=${name} inode=2933354 dev=fe:00 mode=040755 ouid=0 nametype=${nametype} cap_fp=0\x1dOUID="root"`
const title = (serial: number): string => `type=PROCTITLE msg=audit(1795403304.013:${serial}): proctitle=6F70656E73736C00656E63`

const written = (lines: readonly string[]): AuditWrite[] => {
  const writes = new AuditWrites()
  return lines.flatMap((line) => writes.take(line) ?? [])
}

describe('auditd’s word on who wrote', () => {
  it('names the process and the file, also one with spaces and letters beyond ASCII', () => {
    const lines = [
      call(4, `syscall=257 success=yes exit=4 ${here}`),
      cwd(4),
      path(4, 0, '776974682073706163652F', 'PARENT'),
      path(4, 1, '776974682073706163652FC3A920622E656E63', 'CREATE'),
      title(4),
    ]
    expect(written(lines)).toEqual([{ pid: 8114, parentPid: 8094, paths: ['/srv/decoys/with space/é b.enc'] }])
  })

  it('names both ends of a renaming', () => {
    const lines = [
      call(6, `syscall=316 success=yes exit=0 ${here}`),
      cwd(6),
      path(6, 0, '"/srv/decoys"', 'PARENT'),
      path(6, 2, '"/srv/decoys/plan.docx"', 'DELETE'),
      path(6, 3, '"plan.locked"', 'CREATE'),
      title(6),
    ]
    expect(written(lines)).toEqual([{ pid: 8114, parentPid: 8094, paths: ['/srv/decoys/plan.docx', '/srv/decoys/plan.locked'] }])
  })

  it('keeps two events apart whose records come mixed', () => {
    const lines = [
      call(7, `syscall=257 success=yes exit=3 ${here}`),
      call(8, `syscall=2 success=yes exit=3`),
      cwd(8),
      cwd(7),
      path(8, 0, '"eight"', 'NORMAL'),
      path(7, 0, '"seven"', 'NORMAL'),
      title(7),
      title(8),
    ]
    expect(written(lines).map(({ paths }) => paths)).toEqual([['/srv/decoys/seven'], ['/srv/decoys/eight']])
  })

  it.each([
    ['openat into an open folder', 257, 'a0=5 a1=7ffd31b2c8a0 a2=241', []],
    ['openat at AT_FDCWD in 64 bits', 257, 'a0=ffffffffffffff9c a1=7ffd31b2c8a0 a2=241', ['/srv/decoys/plan.docx']],
    ['renameat2 out of an open folder', 316, 'a0=ffffff9c a1=1 a2=5 a3=2', []],
    ['symlinkat, whose folder comes second', 266, 'a0=1 a1=5 a2=2', []],
    ['a call by a number that nobody knows', 999, 'a0=ffffff9c', []],
  ] as const)('puts a name without a folder in none but the process’s own: %s', (_, number, args, paths) => {
    const told = [call(5, `syscall=${number} success=yes exit=4 ${args}`), cwd(5), path(5, 0, '"plan.docx"', 'CREATE'), title(5)]
    expect(written(told).flatMap((write) => write.paths)).toEqual(paths)
  })

  it('still takes a whole path for one, whatever folder is open', () => {
    const told = [
      call(5, 'syscall=257 success=yes exit=4 a0=5'),
      cwd(5),
      path(5, 0, '"/srv/a"', 'CREATE'),
      path(5, 1, '"b"', 'CREATE'),
      title(5),
    ]
    expect(written(told)).toMatchObject([{ paths: ['/srv/a'] }])
  })

  it('passes over what failed, what other rules watch, and lines that are none', () => {
    const foreign = call(10, 'syscall=257 success=yes exit=3').replace('tierline-decoys', 'somebody-else')
    const lines = [
      ...[call(9, 'syscall=257 success=no exit=-13'), cwd(9), path(9, 0, '"a"', 'NORMAL'), title(9)],
      ...[foreign, cwd(10), path(10, 0, '"b"', 'NORMAL'), title(10)],
      ...['', 'type=', '\0\0\0', path(11, 0, '"c"', 'NORMAL'), title(11)],
    ]
    expect(written(lines)).toEqual([])
  })

  it('takes a file’s name for nothing but a name', () => {
    const hex = Buffer.from('x\ntype=SYSCALL msg=audit(1795403304.013:12): pid=1 key="tierline-decoys"').toString('hex').toUpperCase()
    const lines = [call(12, `syscall=257 success=yes exit=3 ${here}`), cwd(12), path(12, 0, hex, 'CREATE'), title(12)]
    expect(written(lines)).toMatchObject([{ pid: 8114 }])
  })
})
