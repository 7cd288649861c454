import { z } from 'zod'
import { IsolationReadiness, Platform, Role } from './endpoint.ts'
import { SealedRelease } from './release-code.ts'

const text = z.string().max(500)

/** One thing that a machine says of itself, and where it was read. */
export const Fact = z.object({ name: text, value: text, from: text })
export type Fact = z.infer<typeof Fact>

/** Whom it spoke with on its own network a moment ago. */
export const Neighbour = z.object({ interface: text, address: text, mac: text })
export type Neighbour = z.infer<typeof Neighbour>

/** What a machine is made of and runs; sent at start and whenever it changed. */
export const Inventory = z.object({
  hostname: text,
  platform: Platform,
  system: z.object({ name: text, version: text, kernel: text, architecture: text }),
  hardware: z.object({
    manufacturer: text,
    model: text,
    serial: text,
    chassis: text,
    processor: text,
    cores: z.number().int().nonnegative(),
    memoryBytes: z.number().nonnegative(),
    isVirtual: z.boolean(),
  }),
  disks: z.array(z.object({ device: text, mount: text, type: text, totalBytes: z.number().nonnegative() })).max(200),
  interfaces: z.array(z.object({ name: text, mac: text, addresses: z.array(text).max(50) })).max(200),
  /** `release` is the system as endoflife.date names it. Agents before 0.2 say neither. */
  facts: z.array(Fact).max(50).optional(),
  neighbours: z.array(Neighbour).max(200).optional(),
  /** Found by facts; `reasons` says by which. */
  role: z.object({ role: Role, reasons: z.array(text).max(20) }),
  agent: z.object({
    ...{ version: text, runtime: text, isolation: IsolationReadiness, canaries: z.array(z.string().max(1_024)).max(100) },
    /** The number of the policy in force there; 0: what ships. Agents before 0.2 don't say. */
    policy: z.number().int().nonnegative().optional(),
    /** Of its release secret; absent while nobody has a key it could be sealed to. */
    release: SealedRelease.optional(),
  }),
})
export type Inventory = z.infer<typeof Inventory>
