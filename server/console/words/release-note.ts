/** What a release says of the restoring that was to come before it. */
export const note = (reason: string, restored: 'restored' | 'as-it-is' | 'false-alarm' | 'with-customer') => ({
  reason,
  ...(restored === 'as-it-is' && { withoutRestore: reason }),
  ...(restored === 'false-alarm' && { isFalseAlarm: true }),
  ...(restored === 'with-customer' && { withCustomer: true }),
})
