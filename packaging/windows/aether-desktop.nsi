; The installer for Windows: for one person, without an administrator.
; makensis -DVERSION=0.1.0 -DFROZEN=folder-of-the-frozen-program -DICON=file.ico -DOUTPUT=setup.exe aether-desktop.nsi
; Compiled by makensis on Linux in `make test-package`; the installer itself was never run on Windows.

Unicode true
!include "MUI2.nsh"
!include "FileFunc.nsh"

!define NAME "Aether Desktop"
!define KEY "Software\Microsoft\Windows\CurrentVersion\Uninstall\AetherDesktop"
!define VAULT "AetherDesktop.Vault"

Name "${NAME}"
OutFile "${OUTPUT}"
RequestExecutionLevel user
InstallDir "$LOCALAPPDATA\Programs\Aether Desktop"
InstallDirRegKey HKCU "${KEY}" "InstallLocation"
SetCompressor /SOLID lzma
ManifestDPIAware true
BrandingText "${NAME} ${VERSION}"
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "${NAME}"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "${NAME}"
VIAddVersionKey "LegalCopyright" "The Aether Desktop maintainers, Apache-2.0"

!define MUI_ICON "${ICON}"
!define MUI_UNICON "${ICON}"
!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

Section "Program"
  ; A file that is in use cannot be replaced: then nothing is changed.
  ClearErrors
  IfFileExists "$INSTDIR\aether-desktop.exe" 0 free
  Rename "$INSTDIR\aether-desktop.exe" "$INSTDIR\aether-desktop.old"
  IfErrors 0 free
    MessageBox MB_OK|MB_ICONEXCLAMATION "${NAME} is running. Quit it, also in the tray, and start this again."
    Abort
  free:
  Delete "$INSTDIR\aether-desktop.old"
  RMDir /r "$INSTDIR\_internal"
  SetOutPath "$INSTDIR"
  File /r "${FROZEN}/*"
  File /oname=aether-desktop.ico "${ICON}"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  CreateShortcut "$SMPROGRAMS\${NAME}.lnk" "$INSTDIR\aether-desktop.exe" "" "$INSTDIR\aether-desktop.ico"

  WriteRegStr HKCU "Software\Classes\.aether" "" "${VAULT}"
  WriteRegStr HKCU "Software\Classes\${VAULT}" "" "Aether vault"
  WriteRegStr HKCU "Software\Classes\${VAULT}\DefaultIcon" "" "$INSTDIR\aether-desktop.ico"
  WriteRegStr HKCU "Software\Classes\${VAULT}\shell\open\command" "" '"$INSTDIR\aether-desktop.exe" "%1"'

  WriteRegStr HKCU "${KEY}" "DisplayName" "${NAME}"
  WriteRegStr HKCU "${KEY}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY}" "DisplayIcon" "$INSTDIR\aether-desktop.ico"
  WriteRegStr HKCU "${KEY}" "Publisher" "The Aether Desktop maintainers"
  WriteRegStr HKCU "${KEY}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegDWORD HKCU "${KEY}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY}" "NoRepair" 1
  ${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
  WriteRegDWORD HKCU "${KEY}" "EstimatedSize" $0
SectionEnd

Section "Uninstall"
  RMDir /r "$INSTDIR\_internal"
  Delete "$INSTDIR\aether-desktop.exe"
  Delete "$INSTDIR\aether-desktop.ico"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  Delete "$SMPROGRAMS\${NAME}.lnk"
  Delete "$SMSTARTUP\${NAME}.lnk"
  DeleteRegKey HKCU "Software\Classes\${VAULT}"
  DeleteRegValue HKCU "Software\Classes\.aether" ""
  DeleteRegKey HKCU "${KEY}"
  DetailPrint "Vaults and settings stay in $LOCALAPPDATA\aether-desktop."
  MessageBox MB_OK|MB_ICONINFORMATION "Your vaults and settings stay in $LOCALAPPDATA\aether-desktop." /SD IDOK
SectionEnd
