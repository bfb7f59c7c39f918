/** What a datetime-local box holds, as seconds since 1970. */
export const momentOf = (local: string): number | undefined => {
  const time = new Date(local).getTime()
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}
