import type { ScreenWords } from './words.ts'

export const en: ScreenWords = {
  title: 'This computer is cut off from the network',
  cutOff: ({ number, callWhom, type }) => [
    'THIS COMPUTER IS CUT OFF FROM THE NETWORK.',
    'Why: there are signs of an attack on it, and it must not spread to others. You did nothing wrong.',
    'Please leave it switched on, and do not unplug anything. What you have open stays open; save it on this computer.',
    callWhom.length > 0 ? `Call: ${callWhom.join(' or ')}` : 'Call the people who look after your computers.',
    `Tell them this number: ${number}`,
    `If they read you a code, type in a terminal: ${type}`,
  ],
  openTitle: 'This computer is on the network again',
  open: ['This computer is on the network again. Thank you for your patience.'],
}
