import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bootUnit } from '../../../agent/isolate/boot-unit.ts'
import { deviceRules, hostRules } from '../../../agent/isolate/firewalls/rules.ts'
import { whyNoNamespaces } from '../../support/namespaces.ts'

const why = whyNoNamespaces()
const hasVerify = spawnSync('systemd-analyze', ['--version']).status === 0
if (!hasVerify) console.log('the unit for a machine’s start is not verified here: systemd-analyze is missing (package systemd)')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-boot-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the unit for a machine’s start', () => {
  it.skipIf(!hasVerify)('is one that systemd understands, and comes before any network', () => {
    const file = join(folder, 'tierline-isolation.service')
    writeFileSync(file, bootUnit('/var/lib/tierline/isolation'))
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
    const complaints = stderr.split('\n').filter((line) => line.includes('tierline-isolation') && !line.includes('not executable'))
    expect([complaints, status === 0 || stderr.includes('not executable')]).toEqual([[], true])
  })

  it('names its files so that nothing in a folder’s name means more', () => {
    const unit = bootUnit('/srv/100%/a "b" $c')
    expect(unit).toContain('ExecStart=/usr/sbin/nft -f "/srv/100%%/a \\"b\\" $$c/rules.nft"')
    expect(unit).toContain('ExecStart=-/usr/sbin/nft -f "/srv/100%%/a \\"b\\" $$c/devices.nft"')
  })
})

/** Where the rules come first, then the device, its address and its link; what gets to the other end of the cable is counted. */
const start = `
nft -f "$1/rules.nft" && ip link set lo up
nft -f "$1/devices.nft" && echo "devices taken" || nft -f /dev/null
ip link add eth0 type veth peer name far
ip addr add 10.231.78.2/24 dev eth0
ip link set far up; ip link set eth0 up
python3 - <<'END'
import socket, time
heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); heard.bind(("far", 0)); heard.settimeout(0.4)
raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); raw.bind(("eth0", 0))
plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for send in (lambda: raw.send(b"\\xff" * 6 + b"\\x02\\0\\0\\0\\0\\1" + b"\\x88\\xb5" + b"raw" * 20), lambda: plain.sendto(b"plain", ("10.231.78.3", 4444))):
    try: send()
    except OSError as error: print("refused", error.errno)
try:
    while True:
        frame = heard.recv(2000)
        if b"raw" in frame or b"plain" in frame or frame[12:14] == b"\\x08\\x06": print("left", frame[12:14].hex())
except TimeoutError: print("quiet")
END`

describe.skipIf(why !== undefined || spawnSync('python3', ['--version']).status !== 0)(
  'the saved rules, in a machine whose network is not up yet',
  () => {
    const ruleset = { table: 'tierline', addresses: [{ address: '10.231.78.1', port: 7843, family: 4 }], devices: ['eth0'] } as const
    const boot = (): string => spawnSync('unshare', ['--net', 'bash', '-c', start, 'start', folder], { encoding: 'utf8' }).stdout

    it('let nothing out from the first moment of its link', () => {
      writeFileSync(join(folder, 'rules.nft'), hostRules(ruleset))
      writeFileSync(join(folder, 'devices.nft'), deviceRules(ruleset))
      const said = boot()
      expect(said).toContain('refused 1\n')
      if (!said.includes('devices taken')) return console.log('raw packets at a start are not tried: this kernel wants the device first')
      expect(said).toMatch(/refused 105\nrefused 1\nquiet/)
    })

    it('are what does it: without them it leaves', () => {
      writeFileSync(join(folder, 'rules.nft'), '')
      writeFileSync(join(folder, 'devices.nft'), '')
      expect(boot()).toContain('left 88b5')
    })
  },
)
