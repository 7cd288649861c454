/** A line of a timeline. */
interface Line {
  body: Readonly<Record<string, unknown>>
}

/**
 * What people of a customer may see of a line that stands on one of their tickets; undefined: nothing of it. What the
 * provider's people say among themselves stays there, also where it travels on in the packet of a hop.
 */
export function asCustomersSee<Of extends Line>(line: Of): Of | undefined {
  const { isInternal, packet } = line.body
  if (isInternal === true) return undefined
  // Why the provider calls it noise is said among themselves.
  if (line.body.resolution === 'noise') return { ...line, body: { ...line.body, note: '' } }
  if (typeof packet !== 'object' || packet === null || !('internal' in packet)) return line
  const { internal: _, ...open } = packet
  return { ...line, body: { ...line.body, packet: open } }
}
