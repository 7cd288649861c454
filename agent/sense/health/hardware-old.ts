import { days, hours } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.lifecycle.age: the firmware of a physical machine is older than five years, so the machine is at least nearly as
 * old and out of its warranty. Info, a line for whoever plans. A machine whose firmware was updated looks younger than it
 * is; nothing else on it says when it was made. Virtual ones don't age. The community has no rule for it.
 */
const folder = '/sys/class/dmi/id'
const isVirtual =
  /qemu|kvm|vmware|virtualbox|innotek|xen|microsoft corporation virtual|bochs|amazon ec2|google compute|parallels|openstack/i

export default defineHealth({
  name: 'hardware-old',
  platforms: ['linux'],
  every: hours(24),
  runbook: 'Take it into the plan for next year, with its model and serial number from the inventory.',
  start: null,
  async read({ vitals }): Promise<{ firmwareDate: string; maker: string } | Unsupported> {
    const [date, vendor = '', product = ''] = await Promise.all(
      ['bios_date', 'sys_vendor', 'product_name'].map((file) => vitals.kernel(`${folder}/${file}`)),
    )
    return date === undefined
      ? { unsupported: 'the firmware does not say its date' }
      : { firmwareDate: date.trim(), maker: `${vendor.trim()} ${product.trim()}` }
  },
  decide(state, { firmwareDate, maker }, { now, limits }) {
    const [, month, day, year] = /^(\d\d)\/(\d\d)\/(\d{4})$/.exec(firmwareDate) ?? []
    if (year === undefined || isVirtual.test(maker)) return { state, findings: [] }
    const ageYears = Math.floor((now - Date.UTC(Number(year), Number(month) - 1, Number(day))) / days(365.25))
    if (ageYears < limits.ageYears) return { state, findings: [] }
    const summary = `This machine (${maker}) is at least ${ageYears} years old, by the date of its firmware`
    return {
      state,
      findings: [{ kind: 'health.lifecycle.age', severity: 'info', about: 'hardware', summary, facts: { firmwareDate, maker, ageYears } }],
    }
  },
})
