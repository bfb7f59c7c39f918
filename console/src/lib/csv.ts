export function csvCell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}

/** The first lines of a file, for a look before it is sent. Quoted cells may hold commas, quotes and line ends. */
export function csvRows(text: string, most = Infinity): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let index = 0; index < text.length && rows.length < most; index += 1) {
    const letter = text[index]
    if (quoted) {
      if (letter === '"' && text[index + 1] === '"') {
        cell += '"'
        index += 1
      } else if (letter === '"') quoted = false
      else cell += letter
    } else if (letter === '"' && cell === '') quoted = true
    else if (letter === ',') {
      row.push(cell)
      cell = ''
    } else if (letter === '\n' || letter === '\r') {
      if (letter === '\r' && text[index + 1] === '\n') index += 1
      row.push(cell)
      cell = ''
      if (row.length > 1 || row[0] !== '') rows.push(row)
      row = []
    } else cell += letter
  }
  if ((cell !== '' || row.length > 0) && rows.length < most) rows.push([...row, cell])
  return rows
}
