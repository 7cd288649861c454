const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `1.5 GiB`; powers of 1024. */
export function bytes(count: number): string {
  const step = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), UNITS.length - 1)
  const value = count / 1024 ** step
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[step]}`
}

/** 0.914 → `91 %`; under ten with a decimal. */
export function percent(ratio: number): string {
  const value = ratio * 100
  return `${value !== 0 && value < 10 ? value.toFixed(1) : Math.round(value)} %`
}
