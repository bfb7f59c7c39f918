import { csrfToken } from '@/api/client'
import { ProblemError, problemOf } from '@/api/problem'

/** What the daemon is told that a file is; it looks into it anyway. */
export function contentTypeOf(name: string): string {
  if (/\.csv$/i.test(name)) return 'text/csv'
  if (/\.json$/i.test(name)) return 'application/json'
  return 'application/octet-stream'
}

/** Sends a file as it is and tells how far it is: what fetch cannot say of an upload. */
export function sendFile(address: string, file: Blob, type: string, onPart: (part: number) => void): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', address)
    request.responseType = 'json'
    request.setRequestHeader('Content-Type', type)
    request.setRequestHeader('X-CSRF-Token', csrfToken())
    request.upload.onprogress = (event) => event.lengthComputable && onPart(event.loaded / event.total)
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve(request.response)
      else reject(new ProblemError(problemOf(request.status, request.response)))
    }
    request.onerror = () => reject(new Error('no answer'))
    request.send(file)
  })
}
