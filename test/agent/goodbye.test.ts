import { EventEmitter } from 'node:events'
import { describe, expect, it } from 'vitest'
import { onFallingAsleep, untilToldToGo, whyStopped } from '../../agent/goodbye.ts'
import type { Ended, Host } from '../../agent/host/host.ts'
import { FakeTime } from '../support/fake-time.ts'

/** What `systemctl list-jobs` and `runlevel` printed on real machines; absent: the program isn't there. */
interface Recorded {
  systemctl?: Partial<Extract<Ended, { kind: 'ended' }>>
  runlevel?: string
}

function hostThatSays({ systemctl, runlevel }: Recorded): Pick<Host, 'run'> {
  const answers: Record<string, Ended | undefined> = {
    ...(systemctl && { systemctl: { kind: 'ended', code: 0, stdout: '', stderr: '', ...systemctl } }),
    ...(runlevel !== undefined && { runlevel: { kind: 'ended', code: 0, stdout: runlevel, stderr: '' } }),
  }
  return { run: async (program) => answers[program] ?? { kind: 'missing', program } }
}

const rebooting = `3341 systemd-update-utmp-shutdown.service start waiting
3312 tierline-agent.service stop running
3310 reboot.target start waiting
3311 shutdown.target start waiting
3330 systemd-reboot.service start waiting
`
const poweringOff = rebooting.replaceAll('reboot', 'poweroff')
const restarting = '4410 tierline-agent.service restart running\n'
const notSystemd = { code: 1, stderr: 'System has not been booted with systemd as init system (PID 1). Can’t operate.' }

describe('why the agent was stopped', () => {
  it.each<[string, Recorded, string]>([
    ['systemd reboots', { systemctl: { stdout: rebooting } }, 'reboot'],
    ['systemd powers off', { systemctl: { stdout: poweringOff } }, 'shutdown'],
    ['systemd halts', { systemctl: { stdout: rebooting.replaceAll('reboot', 'halt') } }, 'shutdown'],
    ['systemd starts another kernel', { systemctl: { stdout: rebooting.replaceAll('reboot', 'kexec') } }, 'reboot'],
    ['systemd starts user space anew', { systemctl: { stdout: rebooting.replaceAll('reboot', 'soft-reboot') } }, 'reboot'],
    ['systemd goes down, for what isn’t said', { systemctl: { stdout: '3311 shutdown.target start waiting\n' } }, 'shutdown'],
    ['only the agent is restarted', { systemctl: { stdout: restarting } }, 'stop'],
    ['only the agent is stopped; an old runlevel is on record', { systemctl: { stdout: '' }, runlevel: '5 6\n' }, 'stop'],
    ['a shutdown was called off', { systemctl: { stdout: '3310 reboot.target stop waiting\n' } }, 'stop'],
    ['System V reboots', { runlevel: '2 6\n' }, 'reboot'],
    ['System V halts', { systemctl: notSystemd, runlevel: '2 0\n' }, 'shutdown'],
    ['System V runs', { runlevel: 'N 2\n' }, 'stop'],
    ['System V doesn’t know', { runlevel: 'unknown\n' }, 'stop'],
    ['nobody can be asked', {}, 'stop'],
  ])('%s', async (_, recorded, reason) => {
    expect(await whyStopped(hostThatSays(recorded), new FakeTime())).toBe(reason)
  })

  it('is not waited for longer than half a second', async () => {
    const time = new FakeTime()
    const asked = whyStopped({ run: () => new Promise(() => undefined) }, time)
    await time.advance(500)
    expect(await asked).toBe('stop')
  })
})

describe('what this process is told', () => {
  const told = (signal: string, platform: NodeJS.Platform = 'linux') => {
    const from = Object.assign(new EventEmitter(), { platform }) as unknown as NodeJS.Process
    const reason = untilToldToGo(from, hostThatSays({ systemctl: { stdout: rebooting } }), new FakeTime())
    let sleeps = 0
    onFallingAsleep(from, () => {
      sleeps += 1
    })
    const isHeard = from.emit(signal)
    return { reason, isHeard, sleeps: () => sleeps }
  }

  it.each([
    ['SIGINT', 'stop'],
    ['SIGHUP', 'stop'],
    ['SIGTERM', 'reboot'],
    ['SIGUSR2', 'update'],
  ])('%s: %s', async (signal, reason) => {
    expect(await told(signal).reason).toBe(reason)
  })

  it('SIGUSR1: to sleep', () => {
    expect(told('SIGUSR1').sleeps()).toBe(1)
  })

  it('listens to nothing that Windows does not have', () => {
    expect(told('SIGUSR1', 'win32').isHeard).toBe(false)
    expect(told('SIGUSR2', 'win32').isHeard).toBe(false)
  })
})
