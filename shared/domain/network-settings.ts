/** What a policy says of the network watch. */
export interface NetworkSettings {
  /** Addresses and networks that nobody of ours has business with: `203.0.113.9`, `198.51.100.0/24`, `2001:db8::/32`. */
  badDestinations: readonly string[]
  /** A scanner or a monitoring server: that it knocks at many doors is its work. */
  isScanner: boolean
}

export const usualNetwork: NetworkSettings = { badDestinations: [], isScanner: false }
