import { CloseButton, TextInput } from '@mantine/core'

interface FilterInputProps {
  /** What is filtered, for those who hear the page. */
  what: string
  placeholder: string
  text: string
  onChange(text: string): void
}

export function FilterInput({ what, placeholder, text, onChange }: FilterInputProps) {
  return (
    <TextInput
      ml="auto"
      size="xs"
      flex={{ base: '1 1 160px', xs: '0 0 240px' }}
      aria-label={`Filter ${what}`}
      placeholder={placeholder}
      value={text}
      onChange={(event) => onChange(event.currentTarget.value)}
      rightSection={text && <CloseButton size="xs" aria-label="Clear the filter" onClick={() => onChange('')} />}
    />
  )
}
