import { describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { detectors } from '../../../../agent/sense/detectors.ts'
import { openHealthMemory } from '../../../../agent/sense/memory.ts'
import { isDestroyingOnWindows } from '../../../../agent/sense/windows/backups-destroyed.ts'
import { lostDefence } from '../../../../agent/sense/windows/defence.ts'
import { windowsEvent } from '../../../../agent/sense/windows/events.ts'
import { firewallSwitches } from '../../../../agent/sense/windows/firewall-switches.ts'
import { powerOf } from '../../../../agent/sense/windows/power.ts'
import { isDangerousCommand, isInstaller } from '../../../../agent/sense/windows/programs.ts'
import { FakeWindows } from '../../../support/fake-windows.ts'
import { MemoryFile, silent, startBench } from '../bench-machine.ts'

const own = 'SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy'
const policy = 'SOFTWARE\\Policies\\Microsoft\\WindowsFirewall'
const named = (...names: string[]) => detectors.filter(({ name }) => names.includes(name))

describe('what takes away the way back', () => {
  const start = (commandLine: string, parentImage = 'C:\\Windows\\System32\\cmd.exe') => ({
    ...{ at: 0, pid: 1, parentPid: 2, image: `C:\\Windows\\System32\\${commandLine.split(' ')[0]}`, commandLine, user: 'kim' },
    ...{ directory: undefined, parentImage, parentCommandLine: '', source: 'security' as const },
  })

  it.each([
    'vssadmin.exe Delete Shadows /All /Quiet',
    'vssadmin resize shadowstorage /for=c: /on=c: /maxsize=401MB',
    'wmic.exe SHADOWCOPY DELETE',
    'wmic shadowcopy where "ID=\'{1}\'" delete',
    'wbadmin DELETE CATALOG -quiet',
    'wbadmin delete systemstatebackup -keepVersions:0',
    'bcdedit /set {default} recoveryenabled No',
    'bcdedit.exe /set {default} bootstatuspolicy ignoreallfailures',
    'powershell.exe -c "Get-WmiObject Win32_Shadowcopy | ForEach-Object {$_.Delete();}"',
    'net stop VeeamBackupSvc /y',
    'sc config vss start= disabled',
    'diskshadow delete shadows all',
    'wbadmin disable backup -quiet',
    'schtasks.exe /Change /TN "\\Microsoft\\Windows\\SystemRestore\\SR" /disable',
    'powershell -c Disable-ComputerRestore -Drive C:',
  ])('%s', (commandLine) => expect(isDestroyingOnWindows(start(commandLine))).toBe(true))

  it.each([
    'vssadmin list shadows',
    'vssadmin resize shadowstorage /for=c: /on=c: /maxsize=20GB',
    'wmic shadowcopy list brief',
    'wbadmin start backup -quiet',
    'bcdedit /enum',
    'bcdedit /set {default} recoveryenabled Yes',
    'net stop Spooler',
    'schtasks /change /tn MyJob /disable',
    'schtasks /query /tn "\\Microsoft\\Windows\\SystemRestore\\SR"',
    'net start VeeamBackupSvc',
    'notepad.exe vssadmin delete shadows.txt',
  ])('not: %s', (commandLine) => expect(isDestroyingOnWindows(start(commandLine))).toBe(false))

  it('not a backup program that thins out its own, from where only an administrator puts programs', () => {
    const command = 'vssadmin delete shadows /shadow={1} /quiet'
    expect(isDestroyingOnWindows(start(command, 'C:\\Program Files\\Veeam\\Backup\\Veeam.exe'))).toBe(false)
    expect(isDestroyingOnWindows(start(command, 'C:\\Users\\kim\\Program Files\\Veeam\\Veeam.exe'))).toBe(true)
  })
})

it('a name is told from a place', () => {
  expect(isInstaller('C:\\Windows\\System32\\msiexec.exe')).toBe(true)
  expect(isInstaller('C:\\Users\\kim\\C:\\Windows\\System32\\msiexec.exe')).toBe(false)
  expect(isDangerousCommand('C:\\Users\\kim\\AppData\\Local\\Microsoft\\OneDrive\\a.exe')).toBe(false)
  expect(isDangerousCommand('C:\\Users\\kim\\AppData\\Local\\Microsoft\\OneDrive\\a.exe" & C:\\Users\\kim\\b.exe')).toBe(true)
  const began = process.cpuUsage().user
  for (const part of ['powershell ', 'cmd /c ', '\\\\a', '%temp', 'rundll32 ', '\\programdata\\a']) isDangerousCommand(part.repeat(100_000))
  expect((process.cpuUsage().user - began) / 1_000).toBeLessThan(3_000)
})

it('log-ons that failed while nobody listened count for when they failed', async () => {
  const windows = new FakeWindows()
  const file = new MemoryFile()
  const failure = { EventID: 4625, Channel: 'Security', LogonType: '10', TargetUserName: 'kim', IpAddress: '203.0.113.9' }
  const run = async (act: (now: number) => void) => {
    const bench = await startBench(named('failed-logins', 'windows-events'), { windows, memory: openHealthMemory(file, silent) })
    act(bench.time.now())
    for (let turn = 0; turn < 20; turn += 1) await bench.time.advance(seconds(1))
    await bench.sense.stop()
    return bench.spool.signals()
  }
  await run((now) => windows.write({ ...failure, TimeCreated: now }))
  const spread = await run((now) => {
    for (let count = 0; count < 9; count += 1) windows.write({ ...failure, TimeCreated: now - minutes(10 * (9 - count)) })
  })
  expect(spread).toEqual([])
  const atOnce = await run((now) => {
    for (let count = 0; count < 12; count += 1) windows.write({ ...failure, TimeCreated: now - minutes(60) + count })
  })
  expect(atOnce.map(({ kind }) => kind)).toEqual(['security.logon.bruteforce'])
})

it('that nobody tells of programs that start is a gap, until somebody does', async () => {
  const windows = new FakeWindows()
  const agent = { waiting: () => 0, starts: () => [], memoryBytes: () => 1, isCutOff: () => false, clockBehindMs: () => undefined }
  const { sense, time, spool } = await startBench(named('windows-events', 'agent-health'), { windows, agent })
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn += 1) await time.advance(minutes(1))
  }
  await turns(20)
  expect(spool.signals()).toEqual([])
  await turns(20)
  expect(spool.signals()).toMatchObject([{ state: 'raised', kind: 'health.agent.unseen', about: 'programs that start' }])
  windows.write({ EventID: 4688, Channel: 'Security', NewProcessId: '0x1', NewProcessName: 'C:\\a.exe' })
  await turns(20)
  expect(spool.signals()).toMatchObject([{ state: 'raised' }, { state: 'cleared', kind: 'health.agent.unseen' }])
  await sense.stop()
})

it('what was switched off as the agent ends is said, since its log is not read again', async () => {
  const windows = new FakeWindows()
  const { sense, time, spool } = await startBench(named('windows-events', 'logs-cleared'), { windows })
  await time.advance(seconds(5))
  const channel = 'Microsoft-Windows-Windows Firewall With Advanced Security/Firewall'
  windows.write({ EventID: 2003, Channel: channel, Profiles: '1', SettingType: '1', SettingValue: '00000000', TimeCreated: time.now() })
  await time.advance(seconds(5))
  expect(spool.signals()).toEqual([])
  await sense.stop()
  expect(spool.signals()).toMatchObject([{ kind: 'security.defence.down', about: 'firewall Windows' }])
})

describe('of a setting of Defender', () => {
  const setting = (value: string) =>
    lostDefence(
      windowsEvent(
        {
          EventID: 5007,
          Channel: 'Microsoft-Windows-Windows Defender/Operational',
          'New Value': `HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\${value}`,
        },
        0,
      ),
    )

  it.each([
    'Exclusions\\Paths\\C:\\ = 0x0',
    'Exclusions\\Paths\\C: = 0x0',
    'Exclusions\\Paths\\C:\\Users = 0x0',
    'Exclusions\\Paths\\C:\\Users\\Public = 0x0',
    'Exclusions\\Paths\\C:\\Users\\kim\\AppData\\Local\\Temp = 0x0',
    'Exclusions\\Paths\\C:\\ProgramData = 0x0',
    'Exclusions\\Paths\\%TEMP% = 0x0',
    'Exclusions\\Extensions\\.exe = 0x0',
    'Exclusions\\Extensions\\ps1 = 0x0',
    'Exclusions\\Processes\\powershell.exe = 0x0',
    'Exclusions\\Processes\\C:\\Windows\\System32\\rundll32.exe = 0x0',
    'Real-Time Protection\\DisableRealtimeMonitoring = 0x1',
  ])('%s leaves less of it', (value) => expect(setting(value)).toMatchObject({ defence: 'antivirus', technique: 'T1562.001' }))

  it.each([
    'Exclusions\\Paths\\D:\\SQL\\Data = 0x0',
    'Exclusions\\Paths\\C:\\Program Files\\Veeam = 0x0',
    'Exclusions\\Paths\\C:\\ProgramData\\Veeam\\Backup = 0x0',
    'Exclusions\\Paths\\C:\\Windows\\NTDS\\ntds.dit = 0x0',
    'Exclusions\\Extensions\\mdf = 0x0',
    'Exclusions\\Processes\\sqlservr.exe = 0x0',
    'SpyNet\\SubmitSamplesConsent = 0x1',
  ])('%s is what administrators do', (value) => expect(setting(value)).toBeUndefined())
})

it('a task is dangerous by what it runs, however long its arguments are', () => {
  const content = `<Task><Exec><Command>powershell.exe</Command><Arguments>-enc ${'QQBB'.repeat(5_000)}</Arguments></Exec></Task>`
  const event = windowsEvent({ EventID: 4698, Channel: 'Security', TaskName: '\\Tidy', TaskContent: content }, 0)
  expect(powerOf(event)).toMatchObject({ kind: 'security.persistence.dangerous', severity: 'high' })
})

it.each([
  ['its own', { [`${own}\\DomainProfile`]: 1, [`${own}\\StandardProfile`]: 0 }, { domain: true, private: false }],
  ['what a policy says before that', { [`${own}\\DomainProfile`]: 1, [`${policy}\\DomainProfile`]: 0 }, { domain: false }],
  ['a policy’s, by its other name', { [`${own}\\StandardProfile`]: 0, [`${policy}\\PrivateProfile`]: 1 }, { private: true }],
])('the firewall is on or off by %s', async (_, registry: Record<string, number>, expected) => {
  const found = await firewallSwitches({ registryNumber: async (key) => registry[key] })
  expect(Object.fromEntries(found.map(({ name, isOn }) => [name, isOn]))).toEqual(expected)
})
