import { z } from 'zod'
import type { Severity } from '#shared/domain/severity.ts'
import type { Finding } from '../../signal/signal.ts'

const number = z.number().optional()

/** What is used of smartctl's JSON; text of drives is text of others, so all of it is bounded. */
const Report = z.object({
  device: z.object({ name: z.string().max(100) }),
  model_name: z.string().max(200).optional(),
  serial_number: z.string().max(200).optional(),
  smart_status: z.object({ passed: z.boolean() }).optional(),
  temperature: z.object({ current: number }).optional(),
  nvme_smart_health_information_log: z
    .object({
      critical_warning: number,
      available_spare: number,
      available_spare_threshold: number,
      percentage_used: number,
      media_errors: number,
    })
    .optional(),
  ata_smart_attributes: z.object({ table: z.array(z.object({ id: z.number(), raw: z.object({ value: z.number() }) })) }).optional(),
})

export interface Drive {
  device: string
  model: string
  serial: string
  /** Undefined: the drive doesn't say. */
  isPassed?: boolean | undefined
  degrees?: number | undefined
  warning?: number | undefined
  spare?: number | undefined
  spareThreshold?: number | undefined
  wornPercent?: number | undefined
  /** Sectors or blocks whose content is gone. */
  lost?: number | undefined
}

/** ATA attribute 198, offline uncorrectable: each is data that nobody can read any more. */
const uncorrectable = 198

/** A drive that sleeps, or that smartctl can't open, gives no report of itself. */
export function readDrive(json: string): Drive[] {
  const report = Report.safeParse(parsed(json))
  if (!report.success) return []
  const {
    device,
    model_name,
    serial_number,
    smart_status,
    temperature,
    nvme_smart_health_information_log: nvme,
    ata_smart_attributes,
  } = report.data
  if (!smart_status && !nvme && !ata_smart_attributes) return []
  const ata = ata_smart_attributes?.table.find(({ id }) => id === uncorrectable)?.raw.value
  return [
    {
      ...{ device: device.name, model: model_name ?? 'unknown', serial: serial_number ?? 'unknown' },
      ...{
        isPassed: smart_status?.passed,
        degrees: temperature?.current,
        warning: nvme?.critical_warning,
        lost: nvme?.media_errors ?? ata,
      },
      ...{ spare: nvme?.available_spare, spareThreshold: nvme?.available_spare_threshold, wornPercent: nvme?.percentage_used },
    },
  ]
}

export function troublesOf(drive: Drive, limits: { sparePercent: number; warmDegrees: number; wornPercent: number }): Finding[] {
  const { device, model, serial, isPassed, degrees = 0, warning = 0, spare, spareThreshold, wornPercent = 0, lost = 0 } = drive
  const failing = [
    isPassed === false && 'says that it fails',
    warning > 0 && `warns (NVMe critical warning ${warning})`,
    lost > 0 && `has lost ${lost} blocks`,
    spare !== undefined && spare < Math.max(spareThreshold ?? 0, limits.sparePercent) && `has ${spare} % of its spare blocks left`,
  ].filter((each) => each !== false)
  const facts = { device, model, serial, degrees, wornPercent, lost, warning, ...(spare !== undefined && { spare }) }
  const said = (kind: string, severity: Severity, what: string): Finding => ({
    ...{ kind, severity, about: device, facts },
    summary: `The drive ${device} (${model}) ${what}`,
  })
  if (failing.length > 0) return [said('health.disk.failing', 'high', failing.join(', '))]
  if (wornPercent >= limits.wornPercent)
    return [said('health.lifecycle.disk', 'info', `has used ${wornPercent} % of the life its maker gives it`)]
  return degrees >= limits.warmDegrees ? [said('health.disk.hot', 'low', `is ${degrees} °C warm`)] : []
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}
