import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { setOf } from './asking.ts'

const ruleFor = (logsource: string, detection: string): string =>
  `id: r\ntitle: T\nlogsource: ${logsource}\ndetection:\n  s: ${detection}\n  condition: s\n`
const isHit = (logsource: string, detection: string, raw: unknown): boolean => {
  const set = setOf(ruleFor(logsource, detection))
  expect(set.refused).toEqual([])
  return createSigmaEngine(set).judge(normalise(raw), 0).length > 0
}

const xml = (channel: string, id: unknown, data: unknown) => ({
  Event: { System: { Provider: { '#attributes': { Name: 'P' } }, EventID: id, Channel: channel, Computer: 'C' }, EventData: data },
})
const sysmon = 'Microsoft-Windows-Sysmon/Operational'
const process = '{ product: windows, category: process_creation }'
const image = "{ Image|endswith: '\\x.exe' }"

describe('Windows events', () => {
  it.each<[string, unknown]>([
    ['as JSON of their XML', xml(sysmon, 1, { Image: 'C:\\x.exe' })],
    ['with an event id with attributes', xml(sysmon, { '#text': 1, '#attributes': {} }, { Image: 'C:\\x.exe' })],
    ['with data as a list', xml(sysmon, '1', { Data: [{ '#attributes': { Name: 'Image' }, '#text': 'C:\\x.exe' }] })],
    ['flat', { EventID: 1, Channel: sysmon, Image: 'C:\\x.exe' }],
    ['of Winlogbeat', { winlog: { channel: sysmon, event_id: '1', event_data: { Image: 'C:\\x.exe' } } }],
    ['of the Security channel', xml('Security', 4688, { NewProcessName: 'C:\\x.exe' })],
    ['with no word of where they come from', { Image: 'C:\\x.exe', CommandLine: 'x' }],
  ])('%s', (_name, raw) => {
    expect(isHit(process, image, raw)).toBe(true)
    expect(isHit('{ product: windows, category: image_load }', image, raw)).toBe(false)
    expect(isHit('{ product: linux, category: process_creation }', image, raw)).toBe(false)
  })

  it.each<[logsource: string, raw: unknown]>([
    ['{ product: windows, category: registry_set }', xml(sysmon, 13, { F: 1 })],
    ['{ product: windows, category: registry_event }', xml(sysmon, 13, { F: 1 })],
    ['{ product: windows, category: registry_add }', xml(sysmon, 12, { EventType: 'CreateKey', F: 1 })],
    ['{ product: windows, category: registry_delete }', xml(sysmon, 12, { EventType: 'DeleteValue', F: 1 })],
    ['{ product: windows, category: pipe_created }', xml(sysmon, 18, { F: 1 })],
    ['{ product: windows, category: ps_script }', xml('Microsoft-Windows-PowerShell/Operational', 4104, { F: 1 })],
    ['{ product: windows, service: security }', xml('security', 4625, { F: 1 })],
    ['{ product: windows, service: sysmon }', xml(sysmon, 1, { F: 1 })],
    ['{ product: windows }', xml('Anything/Else', 7, { F: 1 })],
    ['{ category: process_creation }', xml(sysmon, 1, { F: 1 })],
  ])('go to rules of %s', (logsource, raw) => {
    expect(isHit(logsource, '{ F: 1 }', raw)).toBe(true)
    expect(isHit('{ product: windows, service: dhcp }', '{ F: 1 }', raw)).toBe(false)
    expect(isHit('{ product: windows, category: wmi_event }', '{ F: 1 }', raw)).toBe(false)
  })

  it('keep what they say of themselves, and have their envelope', () => {
    const raw = xml('Security', 4624, { LogonType: 3, EventType: 'x' })
    expect(isHit('{ product: windows, service: security }', '{ EventID: 4624, Provider_Name: p, Computer: c, LogonType: 3 }', raw)).toBe(
      true,
    )
  })

  it('of the Security channel have the names that rules of categories use', () => {
    const set = xml('Security', 4657, { ObjectName: '\\REGISTRY\\MACHINE\\SOFTWARE\\Run', ObjectValueName: 'x', NewValue: 'evil.exe' })
    expect(
      isHit('{ product: windows, category: registry_set }', "{ TargetObject: 'HKLM\\SOFTWARE\\Run\\x', Details: evil.exe }", set),
    ).toBe(true)
    const started = xml('Security', 4688, { NewProcessName: 'x', ProcessId: '0x10', NewProcessId: '0x20', MandatoryLabel: 'S-1-16-12288' })
    expect(isHit(process, '{ ProcessId: 32, ParentProcessId: 16, IntegrityLevel: High }', started)).toBe(true)
    const connected = xml('Security', 5156, { Direction: '%%14593', DestAddress: '10.0.0.1', DestPort: 443 })
    expect(
      isHit(
        '{ product: windows, category: network_connection }',
        "{ Initiated: 'true', DestinationIp|cidr: 10.0.0.0/8, DestinationPort: 443 }",
        connected,
      ),
    ).toBe(true)
  })

  it('have the digests in Hashes as fields', () => {
    expect(isHit(process, '{ Imphash: ABC, sha256: 12 }', xml(sysmon, 1, { Hashes: 'SHA256=12,IMPHASH=abc' }))).toBe(true)
  })
})

describe('Linux events', () => {
  const audit = '{ product: linux, service: auditd }'
  const execve = 'type=EXECVE msg=audit(1684329817.579:2995): argc=3 a0="rm" a1="-rf" a2=2F746D702F6120622F'

  it('of auditd have its fields, with what it wrote in hexadecimal as text', () => {
    expect(isHit(audit, "{ type: EXECVE, a0: rm, a1|startswith: '-', a2: '/tmp/a b/' }", execve)).toBe(true)
    expect(normalise(execve).at).toBe(1_684_329_817_579)
  })

  it('of auditd have the names of system calls, and numbers that look like hexadecimal as they are', () => {
    const call = 'node=h type=SYSCALL msg=audit(1.000:2): arch=c000003e syscall=59 a0=4142 exe="/bin/x y" key=(null)'
    expect(isHit(audit, "{ SYSCALL: execve, a0: '4142', exe: '/bin/x y', key: null, node: h }", call)).toBe(true)
    expect(
      isHit(audit, '{ SYSCALL: connect }', 'type=SYSCALL msg=audit(1.000:2): arch=c00000b7 syscall=203\x1dARCH=aarch64 SYSCALL=connect'),
    ).toBe(true)
    expect(
      isHit(
        audit,
        '{ unit: ufw, res: success }',
        'type=SERVICE_STOP msg=audit(1.000:2): pid=1 msg=\'unit=ufw comm="systemd" res=success\'',
      ),
    ).toBe(true)
  })

  it('of auditd may come as fields', () => {
    expect(isHit(audit, '{ a0: rm }', { type: 'EXECVE', a0: 'rm' })).toBe(true)
  })

  it.each([
    ['{ product: linux, service: sshd }', true],
    ['{ product: linux, service: auth }', true],
    ['{ product: linux, service: syslog }', true],
    ['{ product: linux }', true],
    ['{ product: linux, service: cron }', false],
    ['{ product: linux, category: process_creation }', false],
    ['{ product: windows }', false],
  ])('of syslog and the journal go by their program: %s', (logsource, isFor) => {
    const detection = '[ "failed password*root" ]'
    expect(isHit(logsource, detection, 'Nov 22 09:00:00 host sshd[12]: Failed password for root from 1.2.3.4')).toBe(isFor)
    expect(isHit(logsource, detection, { SYSLOG_IDENTIFIER: 'sshd', MESSAGE: 'Failed password for root' })).toBe(isFor)
  })

  it('of processes are told by their paths', () => {
    const raw = { Image: '/usr/bin/nc', CommandLine: 'nc -e /bin/sh' }
    expect(isHit('{ product: linux, category: process_creation }', '{ Image|endswith: /nc }', raw)).toBe(true)
    expect(isHit('{ product: windows, category: process_creation }', '{ Image|endswith: /nc }', raw)).toBe(false)
    expect(
      isHit('{ product: macos, category: process_creation }', '{ Image|endswith: /nc }', {
        ...raw,
        logsource: { product: 'macos', category: 'process_creation' },
      }),
    ).toBe(true)
  })
})
