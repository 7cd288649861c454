import { z } from 'zod'

/** What a policy says of isolations that nobody ends; both ends read it. */
export const IsolationSettings = z.object({
  /** What becomes of a machine whose rules plainly cut off the collector as well. */
  unproven: z.enum(['stay-closed', 'reopen']),
  /** After so long the machine opens by itself; null: never. At least an hour, so that no policy undoes an isolation at once. */
  leaseHours: z.number().min(1).max(2_160).nullable(),
  /** Machines beside this one are asked now and then whether they answer, so that their silence once they are isolated confirms it. */
  asksNeighbours: z.boolean(),
  /**
   * An address and TCP port beyond the site, "203.0.113.7:443" or "[2001:db8::7]:443": every machine of this policy asks it every five
   * seconds, so it should be one of your own. Its silence then proves that nothing beyond the gateway is reached; null: nobody is asked.
   */
  outside: z
    .string()
    .max(60)
    .regex(/^([0-9.]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$/, 'expected an address and a port, such as 203.0.113.7:443 or [2001:db8::7]:443')
    .nullable(),
})
export type IsolationSettings = z.infer<typeof IsolationSettings>

export const usualIsolation: IsolationSettings = { unproven: 'stay-closed', leaseHours: null, asksNeighbours: true, outside: null }
