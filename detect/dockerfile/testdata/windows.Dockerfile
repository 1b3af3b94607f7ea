# escape=`
FROM mcr.example.test/windows/servercore
SHELL ["powershell", "-NoProfile", "-Command"]
ENV TOOLS=c:\tools\ PASS="a`"b" HOME_DIR=c:\users\x
ENV OLD c:\some path\
RUN $env:SECRET = 'x' ; `
    Invoke-Thing -Password "pass word" --token 'tok' `
    # comment
    -Force
COPY files\ c:\files\
RUN dir c:\ `
 /b
RUN cat <<E
a \
`
E
